import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addressesOf, addressLines, chooseAddress } from './addresses.ts'
import { configSchema, type StaticNetwork } from './config.ts'
import { instanceSchema } from './instance.ts'
import { formatAddress, parseAddress } from './ipv4.ts'

const network: StaticNetwork = {
  kind: 'static',
  bridge: 'br0',
  from: '10.9.0.254',
  to: '10.9.1.3',
  prefix: 16,
  gateway: '10.9.1.1',
}
const inRange = ['10.9.0.254', '10.9.0.255', '10.9.1.0', '10.9.1.2', '10.9.1.3']
const random = (value: number) => ({ next: () => value, bytes: (length: number) => new Uint8Array(length) })

test('a chosen address is in the range, free and never the gateway, wherever the search begins', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.subarray(inRange), (start, taken) => {
      const chosen = chooseAddress(network, new Set(taken), random(start))
      if (taken.length === inRange.length) expect(chosen).toBeUndefined()
      else {
        expect(inRange).toContain(chosen)
        expect(taken).not.toContain(chosen)
      }
    }),
  )
})

test('addresses survive a round trip through their number', () => {
  fc.assert(
    fc.property(fc.ipV4(), (text) => {
      expect(formatAddress(parseAddress(text) ?? -1)).toBe(text)
    }),
  )
  for (const text of ['10.0.0', '10.0.0.256', '10.0.0.0.1', 'a.b.c.d', '10.0.0.', '']) {
    expect(parseAddress(text)).toBeUndefined()
  }
})

function instance(parts: object) {
  return instanceSchema.parse({
    name: 'n',
    status: 'Stopped',
    type: 'container',
    created_at: '2026-01-01T00:00:00Z',
    last_used_at: '1970-01-01T00:00:00Z',
    location: 'none',
    config: {},
    ...parts,
  })
}

test('an address counts as taken however its owner set it: our tag, raw.lxc of anybody, a device', () => {
  const ours = instance({ expanded_config: { 'user.gantry.address': '10.9.0.255' } })
  const raw = instance({ expanded_config: { 'raw.lxc': `lxc.cap.drop =\n${addressLines(network, '10.9.1.2')}` } })
  const nic = instance({ expanded_devices: { eth0: { type: 'nic', 'ipv4.address': '10.9.1.3' } } })
  const routed = instance({ expanded_devices: { eth0: { type: 'nic', 'ipv4.address': '10.9.1.0, 10.9.0.254' } } })
  expect([ours, raw, nic, routed].flatMap(addressesOf).sort()).toEqual(inRange.sort())
})

test('a range that ends before it begins is refused where it stands', () => {
  const config = { socket: '/s', network: { ...network, from: '10.9.1.3', to: '10.9.0.254' } }
  expect(configSchema.safeParse(config).error?.issues[0]?.path).toEqual(['network', 'to'])
})

test('either a socket or a url with its certificate and key, and nothing unknown', () => {
  const ok = (config: object) => configSchema.safeParse(config).success
  expect(ok({ socket: '/s' })).toBe(true)
  expect(ok({ url: 'https://h:8443', clientCertificate: 'c', clientKey: 'k' })).toBe(true)
  expect(ok({ url: 'https://h:8443' })).toBe(false)
  expect(ok({ url: 'http://h:8443', clientCertificate: 'c', clientKey: 'k' })).toBe(false)
  expect(ok({ socket: '/s', url: 'https://h:8443', clientCertificate: 'c', clientKey: 'k' })).toBe(false)
  expect(ok({})).toBe(false)
  expect(ok({ socket: '/s', sokcet: '/t' })).toBe(false)
})
