import { expect, test } from 'vitest'
import type { OwnerTag, ResourceKey } from '../../src/provider/contract.ts'
import { instanceSchema, isOurs, isUnreadable, toObserved } from './instance.ts'
import { promises } from './inventory.ts'
import { shapeOf } from './shape.ts'
import { parseBytes } from './sizes.ts'
import { nativeName } from './tags.ts'

const tags = { 'user.gantry.owner': 'ins_a', 'user.gantry.key': 'ins_a/0/p/w@1', 'user.gantry.spec': 'abc' }

function instance(parts: object = {}) {
  return instanceSchema.parse({
    name: nativeName('ins_a/0/p/w@1' as ResourceKey),
    status: 'Running',
    type: 'container',
    created_at: '2026-01-01T00:00:00Z',
    last_used_at: '2026-01-01T00:00:05Z',
    location: 'none',
    config: tags,
    ...parts,
  })
}

test('a machine on a standalone server is placed in the zone of the server, one in a cluster at its member', () => {
  expect(toObserved(instance(), 'box')).toMatchObject({
    key: 'ins_a/0/p/w@1',
    owner: 'ins_a',
    state: 'running',
    specHash: 'abc',
    placement: { zone: 'box', host: 'box' },
    createdAt: Date.parse('2026-01-01T00:00:00Z'),
  })
  expect(toObserved(instance({ location: 'node-2' }), 'box')?.placement).toEqual({ zone: 'node-2', host: 'node-2' })
})

test('a machine that somebody changed is not of the request that made it, until it is changed back', () => {
  const limits = { 'limits.memory': '1073741824B', 'security.nesting': 'true' }
  const devices = { root: { type: 'disk', path: '/', size: '4B' } }
  const made = { ...tags, ...limits, 'user.gantry.shape': shapeOf(limits, devices) }
  const specOf = (config: object, wired: object = devices) =>
    toObserved(instance({ config, devices: wired }), 'box')?.specHash
  expect(specOf(made, { root: { size: '4B', path: '/', type: 'disk' } })).toBe('abc')
  const changes = [
    specOf({ ...made, 'limits.memory': '2GiB' }),
    specOf({ ...made, 'limits.processes': '5' }),
    specOf({ ...made, 'security.privileged': 'true' }),
    specOf(made, { ...devices, data: { type: 'disk', source: '/srv', path: '/data' } }),
    specOf(made, { root: { ...devices.root, size: '8B' } }),
  ]
  expect(new Set([...changes, 'abc']).size).toBe(6)
  const notes = { 'volatile.last_state.power': 'RUNNING', 'user.note': 'x', 'security.protection.delete': 'true' }
  expect(specOf({ ...made, ...notes })).toBe('abc')
})

test('what carries no tags of ours is nothing to us; another owner or another key is a stranger', () => {
  expect(toObserved(instance({ config: { 'user.other': 'x' } }), 'box')).toBeUndefined()
  expect(isOurs(instance(), 'ins_a' as OwnerTag, 'ins_a/0/p/w@1' as ResourceKey)).toBe(true)
  expect(isOurs(instance(), 'ins_b' as OwnerTag, 'ins_a/0/p/w@1' as ResourceKey)).toBe(false)
  expect(isOurs(instance(), 'ins_a' as OwnerTag, 'ins_a/0/p/w@2' as ResourceKey)).toBe(false)
})

test("a copy of our machine carries our tags and is its maker's: only the name of the key makes it ours", () => {
  expect(toObserved(instance({ name: 'backup-of-w' }), 'box')).toBeUndefined()
})

test('a machine that is frozen, as during a snapshot, runs', () => {
  for (const status of ['Freezing', 'Frozen', 'Thawed'])
    expect(toObserved(instance({ status }), 'box')?.state).toBe('running')
})

test('what a silent cluster member has is known by name only; an instance in error that can be read is not', () => {
  expect(isUnreadable(instance({ status: 'Error', config: null, created_at: '0001-01-01T00:00:00Z' }))).toBe(true)
  expect(isUnreadable(instance({ status: 'Error' }))).toBe(false)
})

test('a machine that never ran waits for a create to finish it; one that ran and does not is stopped', () => {
  const never = { last_used_at: '1970-01-01T00:00:00Z', status: 'Stopped' }
  expect(toObserved(instance(never), 'box')).toMatchObject({ state: 'creating', unfinished: true })
  expect(toObserved(instance({ status: 'Stopped' }), 'box')?.state).toBe('stopped')
  expect(toObserved(instance({ status: 'Starting' }), 'box')).not.toHaveProperty('unfinished')
  expect(toObserved(instance({ status: 'Error' }), 'box')).toMatchObject({
    state: 'failed',
    reason: 'Incus says Error',
  })
})

test('its address is the one we gave, else those of its own network cards, never those of bridges inside it', () => {
  const given = instance({ config: { ...tags, 'user.gantry.address': '10.0.0.7' } })
  expect(toObserved(given, 'box')?.endpoints).toEqual([{ address: '10.0.0.7', port: 22 }])
  const inet = (address: string, scope = 'global') => ({ family: 'inet', address, scope })
  const network = {
    lo: { type: 'loopback', addresses: [inet('127.0.0.1', 'local')] },
    docker0: { type: 'broadcast', addresses: [inet('172.17.0.1')] },
    eth0: { type: 'broadcast', addresses: [inet('10.1.2.3'), { family: 'inet6', address: 'fe80::1', scope: 'link' }] },
  }
  expect(toObserved(instance({ state: { network } }), 'box')?.endpoints).toEqual([{ address: '10.1.2.3', port: 22 }])
})

test('promised use is the sum of limits, whatever unit they were written in', () => {
  const some = instance({
    expanded_config: { 'limits.cpu': '2', 'limits.memory': '1GiB' },
    expanded_devices: { root: { path: '/', size: '10GB' }, eth0: { type: 'nic' } },
  })
  const pinned = instance({ expanded_config: { 'limits.cpu': '0-1', 'limits.memory': '50%' } })
  expect(promises([some, some, pinned])).toEqual({ cpu: 4, memoryBytes: 2 ** 31, diskBytes: 20e9 })
  expect(['1024', '1024B', '1kB', '1KiB', '50%', ''].map(parseBytes)).toEqual([
    1024,
    1024,
    1000,
    undefined,
    undefined,
    undefined,
  ])
})
