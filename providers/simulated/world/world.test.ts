import { expect, test } from 'vitest'
import type { MachineRequest, OwnerTag, ResourceKey } from '../../../src/provider/contract.ts'
import { virtualClock } from '../../../test/support/virtual-clock.ts'
import { worldRequest as request } from '../../../test/support/world-request.ts'
import { createChance } from './chance.ts'
import { type WorldInput, worldLayout } from './layout.ts'
import { createWorld, type Opener } from './world.ts'

const nothing = { cpu: 0, memoryBytes: 0, diskBytes: 0 }

function worldOf(input: WorldInput = {}, open?: Opener) {
  const clock = virtualClock()
  const layout = worldLayout.parse({ jitter: 0, destroyMs: 1_000, ...input })
  const world = createWorld(layout, clock.seams, createChance(1), open)
  const [host] = world.hosts
  if (!host) throw new Error('a world without hosts')
  const add = (name: string, change: Partial<MachineRequest> = {}) =>
    world.add(name as ResourceKey, { ...request, ...change }, host)
  return { clock, world, add }
}

test('a machine takes room from its create until it is gone, however it goes', async () => {
  const { clock, world, add } = worldOf()
  const [a, b, c] = await Promise.all([add('a'), add('b'), add('c')])
  expect(world.used('host-1')).toEqual({ cpu: 6, memoryBytes: 300, diskBytes: 30 })
  world.remove(a)
  world.remove(a)
  world.kill(b, 'vanished')
  expect(world.used('host-1').cpu).toBe(4)
  await clock.advance(1_000)
  expect(world.used('host-1').cpu).toBe(2)
  world.remove(c)
  world.kill(c, 'vanished')
  await clock.advance(1_000)
  expect(world.used('host-1')).toEqual(nothing)
})

test('a create holds its room while it is made, and gives it back when it fails', async () => {
  const opening = Promise.withResolvers<never>()
  const { world, add } = worldOf({}, () => opening.promise)
  const made = add('a')
  expect(world.used('host-1').cpu).toBe(2)
  opening.reject(new Error('no port'))
  await expect(made).rejects.toThrow('no port')
  expect(world.used('host-1')).toEqual(nothing)
})

test('what lists still show of a machine that is gone takes no room', async () => {
  const { clock, world, add } = worldOf({ lookup: 'eventual', settleMs: 60_000 })
  const machine = await add('a')
  await clock.advance(60_000)
  world.remove(machine)
  await clock.advance(1_000)
  expect(world.living()).toEqual([])
  expect(world.used('host-1')).toEqual(nothing)
  await clock.advance(60_000)
  expect(world.visibleOf(request.owner)).toEqual([])
})

test("lists are an owner's own", async () => {
  const { world, add } = worldOf()
  const mine = await add('a')
  const other = await add('b', { owner: 'ins_b' as OwnerTag })
  expect(world.visibleOf(request.owner)).toEqual([mine])
  expect(world.visibleOf(other.owner)).toEqual([other])
})

test('addresses are unlike each other and possible, also after seventy thousand machines', async () => {
  const { clock, world, add } = worldOf()
  const addresses = new Set<string>()
  for (let count = 0; count < 70_000; count++) {
    if (count % 1_000 === 0) await clock.advance(1)
    const { address } = await add(`m-${count}`)
    addresses.add(address)
    const parts = address.split('.').map(Number)
    if (!(parts.length === 4 && parts.every((part) => part <= 255) && (parts[3] ?? 0) > 0)) throw new Error(address)
  }
  expect(addresses.size).toBe(70_000)
  expect(world.living()).toHaveLength(70_000)
})
