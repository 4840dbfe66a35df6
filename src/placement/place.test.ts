import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ProviderId } from '../kernel/ids.ts'
import { place } from './place.ts'
import type { Answer, Host, Placed, Question, Resources, Spread, Wanted } from './types.ts'

const dc1 = 'prv_1' as ProviderId
const gib = 2 ** 30
const size = (cpu: number, memory: number, disk = 10): Resources => ({
  cpu,
  memoryBytes: memory * gib,
  diskBytes: disk * gib,
})

function host(name: string, zone: string, free: Resources, state: Host['state'] = 'ready'): Host {
  return { provider: dc1, zone, name, state, capacity: { total: size(16, 64, 1000), free } }
}

function members(group: string, count: number, spread: Spread, resources = size(2, 4)): Wanted[] {
  return Array.from({ length: count }, (_, index) => ({ name: `${group}-${index}`, group, resources, spread }))
}

function assignments(answer: Answer): Record<string, string | null> {
  if (answer.kind === 'refused') throw new Error(JSON.stringify(answer))
  return Object.fromEntries(answer.assignments.map(({ member, host: on }) => [member, on]))
}

const roomy = size(16, 64, 1000)

test('managers spread over zones first and hosts then, workers fill what is emptiest', () => {
  const hosts = [host('host-1', 'zone-a', roomy), host('host-2', 'zone-a', roomy), host('host-3', 'zone-b', roomy)]
  const managers = members('manager', 3, { host: 'must', zone: 'should' })
  const workers = members('worker', 2, { host: 'should' })
  const answer = place({ members: [...managers, ...workers], hosts, existing: [] })
  expect(assignments(answer)).toEqual({
    'manager-0': 'host-1',
    'manager-1': 'host-3',
    'manager-2': 'host-2',
    'worker-0': 'host-1',
    'worker-1': 'host-2',
  })
  expect(answer.kind === 'placed' && answer.assignments[1]?.why).toBe(
    'best of 2 hosts that fit; no other manager on it; no other manager in its zone',
  )
})

test('a refusal says for every host why not, and what would help', () => {
  const hosts = [
    ...['host-1', 'host-2', 'host-3'].map((name) => host(name, 'zone-a', roomy)),
    host('host-4', 'zone-b', size(16, 1, 100)),
    host('host-5', 'zone-b', roomy, 'maintenance'),
    host('host-6', 'zone-b', roomy, 'unreachable'),
    host('host-7', 'zone-b', size(1, 64, 100)),
    host('host-10', 'zone-b', size(16, 64, 1)),
  ]
  const answer = place({ members: members('manager', 4, { host: 'must' }), hosts, existing: [] })
  if (answer.kind !== 'refused') throw new Error('placed')
  expect(answer.proven).toBe(true)
  expect(answer.refusals.map((refusal) => refusal.member)).toEqual(['manager-3'])
  expect(answer.refusals[0]?.hosts.map((one) => `${one.host}  ${one.reason}`)).toEqual([
    'host-1  runs manager-0 (must not share a host)',
    'host-2  runs manager-1 (must not share a host)',
    'host-3  runs manager-2 (must not share a host)',
    'host-4  needs 4096 MiB, 1024 MiB free',
    'host-5  in maintenance',
    'host-6  unreachable',
    'host-7  needs 2 CPU, 1 free',
    'host-10  needs 10240 MiB of disk, 1024 MiB free',
  ])
  expect(answer.wouldFitWith).toEqual([
    { kind: 'relax', group: 'manager', spread: 'host' },
    { kind: 'fewer', group: 'manager', members: 3 },
  ])
})

test('providers that are away are named when their answer alone would be enough, and not otherwise', () => {
  const dc2 = 'prv_2' as ProviderId
  const away = { ...host('far-1', 'zone-a', roomy, 'providerUnreachable'), provider: dc2 }
  const refusing = host('near-1', 'zone-a', roomy, 'providerDenied')
  const full = host('near-2', 'zone-a', size(1, 1))
  const hintsFor = (wanted: Wanted[], ...hosts: Host[]) => {
    const answer = place({ members: wanted, hosts, existing: [] })
    return answer.kind === 'refused' ? answer.wouldFitWith : 'placed'
  }
  const one = members('worker', 1, {})
  const two = members('worker', 2, { host: 'must' })
  const missing = (because: 'unreachable' | 'denied', ...providers: ProviderId[]) => ({
    kind: 'providers',
    providers,
    because,
  })
  expect(hintsFor(one, away, full)).toEqual([missing('unreachable', dc2)])
  expect(hintsFor(one, refusing, full)).toEqual([missing('denied', dc1)])
  // One that may answer by the next look is worth waiting for; a refusal needs a person.
  expect(hintsFor(one, away, refusing)).toEqual([missing('unreachable', dc2)])
  expect(hintsFor(two, away, refusing)).toEqual([missing('denied', dc1, dc2)])
  const zoned = one.map((member) => ({ ...member, zones: ['zone-b'] }))
  expect(hintsFor(zoned, away)).toEqual([])
  expect(hintsFor(members('worker', 1, {}, size(64, 1)), away, refusing)).toEqual([])
})

test('who is placed already counts for spreading, and is named', () => {
  const hosts = [host('host-1', 'zone-a', roomy), host('host-2', 'zone-a', roomy)]
  const existing: Placed[] = [{ group: 'manager', provider: dc1, zone: 'zone-a', host: 'host-1', name: 'manager-0' }]
  const one = place({ members: members('manager', 1, { host: 'must' }), hosts, existing })
  expect(assignments(one)).toEqual({ 'manager-0': 'host-2' })
  const two = place({ members: members('manager', 1, { zone: 'must' }), hosts, existing })
  expect(two.kind === 'refused' && two.refusals[0]?.hosts[1]?.reason).toBe(
    'zone-a holds manager-0 (must not share a zone)',
  )
})

test('a zone that does not show its hosts always fits and names none', () => {
  const zones = ['zone-a', 'zone-b'].map(
    (zone): Host => ({ provider: dc1, zone, name: zone, state: 'ready', capacity: null }),
  )
  const answer = place({ members: members('manager', 3, { host: 'must', zone: 'should' }), hosts: zones, existing: [] })
  if (answer.kind !== 'placed') throw new Error('refused')
  expect(answer.assignments.map(({ zone, host: on }) => [zone, on])).toEqual([
    ['zone-a', null],
    ['zone-b', null],
    ['zone-a', null],
  ])
})

test('only the zones and providers asked for are used', () => {
  const other = 'prv_2' as ProviderId
  const hosts = [host('host-1', 'zone-a', roomy), { ...host('host-2', 'zone-b', roomy), provider: other }]
  const [member] = members('worker', 1, {})
  if (!member) throw new Error('no member')
  expect(assignments(place({ members: [{ ...member, zones: ['zone-b'] }], hosts, existing: [] }))).toEqual({
    'worker-0': 'host-2',
  })
  const refused = place({ members: [{ ...member, zones: ['zone-b'], providers: [dc1] }], hosts, existing: [] })
  expect(refused.kind === 'refused' && refused.refusals[0]?.hosts.map((one) => one.reason)).toEqual([
    'zone zone-a was not asked for',
    'its provider was not asked for',
  ])
})

test('an arrangement greedy cannot see is still found', () => {
  // Two big ones fit only alone; greedy by load would put the small one beside the wrong hosts.
  const hosts = [
    host('host-1', 'zone-a', size(4, 8)),
    host('host-2', 'zone-a', size(4, 6)),
    host('host-3', 'zone-a', size(4, 5)),
  ]
  const wanted = [
    ...members('a', 1, {}, size(1, 5, 1)),
    ...members('b', 1, {}, size(1, 4, 1)),
    ...members('c', 2, {}, size(1, 3, 1)),
    ...members('d', 1, {}, size(1, 4, 1)),
  ]
  const answer = place({ members: wanted, hosts, existing: [] })
  expect(answer.kind).toBe('placed')
})

const freeUnit = fc.record({ cpu: fc.integer({ min: -1, max: 6 }), memory: fc.integer({ min: 0, max: 6 }) })
const awayStates = ['providerUnreachable', 'providerDenied'] as const
const isAway = (state: Host['state']) => awayStates.some((away) => away === state)
const anyHost = fc.record({
  zone: fc.constantFrom('a', 'b', 'c'),
  free: freeUnit,
  state: fc.constantFrom<Host['state']>(
    ...awayStates,
    ...(['ready', 'ready', 'ready', 'ready', 'maintenance', 'unreachable'] as const),
  ),
  shown: fc.integer({ min: 0, max: 9 }),
})
const rule = fc.constantFrom('must', 'should', undefined)
const anyGroup = fc.record({
  count: fc.integer({ min: 1, max: 3 }),
  sizes: fc.array(fc.record({ cpu: fc.integer({ min: 0, max: 3 }), memory: fc.integer({ min: 0, max: 3 }) }), {
    minLength: 1,
    maxLength: 2,
  }),
  spread: fc.record({ host: rule, zone: rule }),
  zones: fc.option(fc.subarray(['a', 'b', 'c'], { minLength: 1 }), { nil: undefined, freq: 4 }),
})
const question = fc
  .record({
    hosts: fc.array(anyHost, { minLength: 1, maxLength: 4 }),
    groups: fc.array(anyGroup, { minLength: 1, maxLength: 2 }),
    existing: fc.array(fc.record({ group: fc.integer({ min: 0, max: 1 }), host: fc.nat(3) }), { maxLength: 2 }),
  })
  .map(({ hosts, groups, existing }): Question => {
    const built = hosts.map(
      ({ zone, free, state, shown }, index): Host => ({
        provider: dc1,
        zone,
        name: `host-${index}`,
        state,
        capacity: shown === 0 ? null : { total: size(6, 6), free: size(free.cpu, free.memory) },
      }),
    )
    return {
      hosts: built,
      members: groups.flatMap(({ count, sizes, spread, zones }, group) =>
        Array.from({ length: count }, (_, index): Wanted => {
          const one = sizes[index % sizes.length] ?? { cpu: 0, memory: 0 }
          return {
            name: `g${group}-${index}`,
            group: `g${group}`,
            resources: size(one.cpu, one.memory, 0),
            spread,
            zones,
          }
        }),
      ),
      existing: existing.flatMap(({ group, host: number }): Placed[] => {
        const on = built[number]
        return on ? [{ group: `g${group}`, provider: dc1, zone: on.zone, host: on.capacity ? on.name : null }] : []
      }),
    }
  })

/** Whether an arrangement keeps every rule: the definition, written as plainly as it can be. */
function isLegal({ members: wanted, hosts, existing }: Question, at: readonly number[]): boolean {
  const seats: Placed[] = [...existing]
  const used = hosts.map(() => ({ cpu: 0, memoryBytes: 0, diskBytes: 0 }))
  return wanted.every((member, index) => {
    const number = at[index] ?? -1
    const on = hosts[number]
    const use = used[number]
    if (!on || !use || on.state !== 'ready' || (member.zones && !member.zones.includes(on.zone))) return false
    const fellows = seats.filter((seat) => seat.group === member.group)
    if (member.spread.zone === 'must' && fellows.some((seat) => seat.zone === on.zone)) return false
    if (member.spread.host === 'must' && on.capacity && fellows.some((seat) => seat.host === on.name)) return false
    for (const resource of ['cpu', 'memoryBytes', 'diskBytes'] as const) {
      use[resource] += member.resources[resource]
      const needs = member.resources[resource] > 0
      if (on.capacity && needs && use[resource] > on.capacity.free[resource]) return false
    }
    seats.push({ group: member.group, provider: dc1, zone: on.zone, host: on.capacity ? on.name : null })
    return true
  })
}

function existsLegal(asked: Question): boolean {
  const at: number[] = []
  const tryFrom = (index: number): boolean => {
    if (index === asked.members.length) return isLegal(asked, at)
    for (let number = 0; number < asked.hosts.length; number++) {
      at[index] = number
      if (isLegal({ ...asked, members: asked.members.slice(0, index + 1) }, at) && tryFrom(index + 1)) return true
    }
    return false
  }
  return tryFrom(0)
}

test('an answer keeps every rule and fills no host beyond what is free; a refusal comes only when nothing exists', () => {
  let refused = 0
  fc.assert(
    fc.property(question, (asked) => {
      const answer = place(asked)
      if (answer.kind === 'refused') {
        refused++
        expect(answer.proven).toBe(true)
        expect(existsLegal(asked)).toBe(false)
        expect(answer.refusals.length).toBeGreaterThan(0)
        for (const refusal of answer.refusals) expect(refusal.hosts).toHaveLength(asked.hosts.length)
        return
      }
      expect(answer.assignments.map(({ member }) => member)).toEqual(asked.members.map(({ name }) => name))
      const at = answer.assignments.map(({ zone, host: on }) =>
        asked.hosts.findIndex((one) =>
          on === null ? one.capacity === null && one.zone === zone && one.state === 'ready' : one.name === on,
        ),
      )
      expect(isLegal(asked, at)).toBe(true)
    }),
    { numRuns: 1500 },
  )
  expect(refused).toBeGreaterThan(100)
})

test('a hint, followed, is true', () => {
  let hinted = 0
  fc.assert(
    fc.property(question, (asked) => {
      const answer = place(asked)
      if (answer.kind === 'placed') return
      for (const hint of answer.wouldFitWith) {
        hinted++
        if (hint.kind === 'relax') {
          const relaxed = asked.members.map((member) =>
            member.group === hint.group
              ? { ...member, spread: { ...member.spread, [hint.spread]: 'should' as const } }
              : member,
          )
          expect(place({ ...asked, members: relaxed }).kind).toBe('placed')
        } else if (hint.kind === 'providers') {
          const back = asked.hosts.map((one) =>
            hint.providers.includes(one.provider) && isAway(one.state) ? { ...one, state: 'ready' as const } : one,
          )
          expect(place({ ...asked, hosts: back }).kind).toBe('placed')
        } else {
          const left = new Set(answer.refusals.map((refusal) => refusal.member))
          const fewer = asked.members.filter((member) => !left.has(member.name))
          expect(fewer.filter((member) => member.group === hint.group)).toHaveLength(hint.members)
          expect(place({ ...asked, members: fewer }).kind).toBe('placed')
        }
      }
    }),
    { numRuns: 400 },
  )
  expect(hinted).toBeGreaterThan(20)
})

test('the order in which hosts are listed changes nothing', () => {
  fc.assert(
    fc.property(question, (asked) => {
      expect(place({ ...asked, hosts: asked.hosts.toReversed() })).toEqual(place(asked))
    }),
    { numRuns: 300 },
  )
})

test('a platform of 507 over 100 hosts is placed evenly, and one member too many is refused with proof', () => {
  const hosts = Array.from({ length: 100 }, (_, index) => host(`host-${index}`, `zone-${index % 4}`, roomy))
  const managers = members('manager', 7, { host: 'must', zone: 'should' })
  const workers = members('worker', 500, { host: 'should', zone: 'should' })
  const answer = place({ members: [...managers, ...workers], hosts, existing: [] })
  const perHost = new Map<string | null, number>()
  for (const [member, on] of Object.entries(assignments(answer))) {
    if (member.startsWith('worker')) perHost.set(on, (perHost.get(on) ?? 0) + 1)
  }
  expect(new Set(perHost.values())).toEqual(new Set([5]))
  const none = hosts.map((one) => ({ ...one, state: 'maintenance' as const }))
  const nowhere = place({ members: workers, hosts: none, existing: [] })
  expect(nowhere.kind === 'refused' && new Set(nowhere.refusals.map((refusal) => refusal.hosts)).size).toBe(1)
  const tooMany = place({ members: members('worker', 801, {}), hosts, existing: [] })
  expect(tooMany).toMatchObject({ kind: 'refused', proven: true, refusals: [{ member: 'worker-800' }] })
  expect(tooMany.kind === 'refused' && tooMany.wouldFitWith).toEqual([{ kind: 'fewer', group: 'worker', members: 800 }])
})
