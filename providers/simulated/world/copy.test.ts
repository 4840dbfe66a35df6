import { expect, test } from 'vitest'
import type { ResourceKey } from '../../../src/provider/contract.ts'
import { clockFrom, virtualClock } from '../../../test/support/virtual-clock.ts'
import { worldRequest as request } from '../../../test/support/world-request.ts'
import { createChance } from './chance.ts'
import { worldLayout } from './layout.ts'
import { createWorld } from './world.ts'

test('in a copy of a world machines leave, and give their room back, as they would have in the first one', async () => {
  const layout = worldLayout.parse({ lookup: 'eventual', settleMs: 60_000, destroyMs: 1_000 })
  const clock = virtualClock()
  const chance = createChance(1)
  const world = createWorld(layout, clock.seams, chance)
  const [host] = world.hosts
  if (!host) throw new Error('a world without hosts')
  const [stays, leaves] = [
    await world.add('a' as ResourceKey, request, host),
    await world.add('b' as ResourceKey, request, host),
  ]
  world.faults.throttle = 3
  world.remove(leaves)

  const [time, state] = [clock.state(), world.state()]
  if (!time || !state) throw new Error('nothing runs in it')
  const later = clockFrom(time)
  const copy = createWorld(layout, later.seams, createChance(chance.state()), undefined, {}, state)
  expect(copy.state()).toEqual(state)
  expect(copy.faults).toEqual(world.faults)

  for (const [one, its] of [
    [copy, later],
    [world, clock],
  ] as const) {
    expect(one.used('host-1').cpu).toBe(4)
    await its.advance(2_000)
    expect(one.used('host-1').cpu).toBe(2)
    await its.advance(120_000)
    expect(one.visibleOf(request.owner).map(({ ref }) => ref)).toEqual([stays.ref])
    expect(one.used('host-1').cpu).toBe(2)
  }
  const [next, same] = [
    await copy.add('c' as ResourceKey, request, host),
    await world.add('c' as ResourceKey, request, host),
  ]
  expect([next.ref, next.readyAt, next.visibleAt]).toEqual([same.ref, same.readyAt, same.visibleAt])
})
