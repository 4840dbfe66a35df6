import { expect, test } from 'vitest'
import { ProviderFault } from '../../src/provider/fault.ts'
import { claimsOn } from './claims.ts'
import type { StaticNetwork } from './config.ts'
import { type Instance, instanceSchema } from './instance.ts'

const network: StaticNetwork = {
  kind: 'static',
  bridge: 'br0',
  from: '10.0.0.1',
  to: '10.0.0.4',
  prefix: 24,
  gateway: '10.0.0.254',
}
const random = { next: () => 0, bytes: (length: number) => new Uint8Array(length) }
const signal = new AbortController().signal

function holding(name: string, address: string): Instance {
  return instanceSchema.parse({
    name,
    status: 'Stopped',
    type: 'container',
    created_at: '2026-01-01T00:00:00Z',
    last_used_at: '1970-01-01T00:00:00Z',
    location: 'none',
    config: {},
    expanded_config: { 'user.gantry.address': address },
  })
}

test('machines made at the same moment never get the same address, and the one too many gets no room', async () => {
  const claims = claimsOn(network, async () => [holding('a', '10.0.0.2')], random)
  const three = await Promise.all([claims.choose(signal), claims.choose(signal), claims.choose(signal)])
  expect(three.sort()).toEqual(['10.0.0.1', '10.0.0.3', '10.0.0.4'])
  await expect(claims.choose(signal)).rejects.toMatchObject({ kind: 'capacity', outcome: 'none' })
  claims.release('10.0.0.3')
  expect(await claims.choose(signal)).toBe('10.0.0.3')
})

test('of two processes that took the same address, whoever looks after both are written sees it', async () => {
  const server: Instance[] = []
  const one = claimsOn(network, async () => [...server], random)
  const other = claimsOn(network, async () => [...server], random)
  const [mine, theirs] = [await one.choose(signal), await other.choose(signal)]
  expect(mine).toBe(theirs)
  server.push(holding('mine', mine))
  expect(await one.confirm('mine', mine, signal)).toBe(true)
  server.push(holding('theirs', theirs))
  expect(await other.confirm('theirs', theirs, signal)).toBe(false)
  expect(await other.choose(signal)).not.toBe(mine)
})

test('an unreachable server is told as it is', async () => {
  const down = new ProviderFault({ kind: 'transient', outcome: 'none' }, 'down')
  const claims = claimsOn(network, () => Promise.reject(down), random)
  await expect(claims.choose(signal)).rejects.toBe(down)
})
