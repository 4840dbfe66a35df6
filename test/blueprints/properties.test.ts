import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Blueprint,
  executorsOf,
  memberRef,
  type Plan,
  type PlanInput,
  type PlanMember,
  plan,
} from '../../src/blueprints/index.ts'
import { blueprintAt, building, memberOf, replacing } from './support/platform.ts'

// Whatever states members are in, whoever founds and whatever was founded: a plan is the same twice, whole, and in order.

const folders = ['blueprints/machines', 'blueprints/swarm', 'test/blueprints/quorum'] as const
const states = ['joining', 'in', 'changing', 'leaving'] as const

/** A slot: absent, one incarnation in any state, or an old one leaving and its successor. */
const slot = fc.oneof(
  fc.constant('absent' as const),
  fc.record({
    incarnation: fc.integer({ min: 1, max: 3 }),
    state: fc.constantFrom(...states),
    successor: fc.boolean(),
  }),
)

function platforms(blueprint: Blueprint): fc.Arbitrary<PlanInput> {
  const groups = Object.keys(blueprint.document.groups)
  const once = Object.entries(blueprint.document.steps ?? {})
    .filter(([, step]) => step.once)
    .map(([name]) => `script/${name}`)
  return fc
    .record({
      slots: fc.array(fc.array(slot, { maxLength: 8 }), { minLength: groups.length, maxLength: groups.length }),
      founded: fc.subarray(once),
      founder: fc.record({ ordinal: fc.integer({ min: 0, max: 8 }), incarnation: fc.integer({ min: 1, max: 4 }) }),
      shuffle: fc.infiniteStream(fc.integer()),
    })
    .map(({ slots, founded, founder, shuffle }) => {
      const members = groups.flatMap((group, index) =>
        (slots[index] ?? []).flatMap((one, ordinal) => membersOf(group, ordinal, one)),
      )
      const order = new Map(members.map((member) => [member.ref, shuffle.next().value ?? 0]))
      return {
        want: 'present',
        parameters: building(blueprint).parameters,
        members: [...members].sort((a, b) => (order.get(a.ref) ?? 0) - (order.get(b.ref) ?? 0)),
        founders: Object.fromEntries(
          groups.map((group) => [group, memberRef(group, founder.ordinal, founder.incarnation)]),
        ),
        founded: new Set(founded),
      } as const
    })
}

function membersOf(
  group: string,
  ordinal: number,
  one: typeof slot extends fc.Arbitrary<infer T> ? T : never,
): PlanMember[] {
  if (one === 'absent') return []
  const member = memberOf(group, ordinal, one.state, one.incarnation)
  return one.state === 'leaving' && one.successor
    ? [member, memberOf(group, ordinal, 'joining', one.incarnation + 1)]
    : [member]
}

/** Keys of all steps that a step waits for, directly or not. */
function waitsFor(found: Plan, key: string): Set<string> {
  const byKey = new Map(found.steps.map((step) => [step.key, step]))
  const seen = new Set<string>()
  const open = [key]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const needed of byKey.get(next)?.needs.flatMap((need) => need.steps) ?? []) {
      if (!seen.has(needed)) open.push(needed)
      seen.add(needed)
    }
  }
  return seen
}

function entriesOf(found: Plan): number {
  const needs = new Set(found.steps.flatMap((step) => step.needs))
  const lists = new Set(
    found.steps.flatMap((step) =>
      step.kind === 'script' || step.kind === 'gate'
        ? Object.values(step.input.with).concat(Object.values(step.input.using))
        : [],
    ),
  )
  return (
    found.steps.length +
    [...needs].reduce((sum, need) => sum + need.steps.length, 0) +
    [...lists].reduce((sum, value) => sum + (value.from === 'group' ? value.members.length : 1), 0)
  )
}

describe.each(folders)('%s', async (folder) => {
  const blueprint = await blueprintAt(folder)

  test('a plan is the same for the same members, in whatever order they come', () => {
    fc.assert(
      fc.property(platforms(blueprint), (input) => {
        const again = { ...input, members: [...input.members].reverse() }
        expect(plan(blueprint, again)).toEqual(plan(blueprint, input))
      }),
    )
  })

  test('each step comes after all it needs, so no need is unknown and there is no circle', () => {
    fc.assert(
      fc.property(platforms(blueprint), fc.constantFrom('present', 'absent'), (input, want) => {
        const before = new Set<string>()
        for (const step of plan(blueprint, { ...input, want }).steps) {
          for (const need of step.needs) for (const key of need.steps) expect(before).toContain(key)
          expect(before).not.toContain(step.key)
          before.add(step.key)
        }
      }),
    )
  })

  test('every member has its machine step: absent if it leaves, else present', () => {
    fc.assert(
      fc.property(platforms(blueprint), (input) => {
        const machines = plan(blueprint, input).steps.filter((step) => step.kind === 'machine')
        const wanted = input.members.map(
          (member) => `${member.ref} ${member.state === 'leaving' ? 'absent' : 'present'}`,
        )
        expect(machines.map((step) => `${step.input.member} ${step.want}`).sort()).toEqual(wanted.sort())
      }),
    )
  })

  test('no step runs on a member that leaves, and no leave on its own subject', () => {
    fc.assert(
      fc.property(platforms(blueprint), (input) => {
        const leaving = new Set(
          input.members.filter((member) => member.state === 'leaving').map((member) => member.ref),
        )
        for (const step of plan(blueprint, input).steps) {
          if (step.kind !== 'script') continue
          if (step.mode === 'each' && step.on.kind === 'member') expect(leaving).not.toContain(step.on.member)
          if (step.subject !== null && step.on.kind === 'anyHealthy') expect(step.on.except).toContain(step.subject)
        }
      }),
    )
  })

  test('nobody leaves on a member whose machine waits for that leave', () => {
    fc.assert(
      fc.property(platforms(blueprint), (input) => {
        const found = plan(blueprint, input)
        for (const step of found.steps) {
          if (step.kind !== 'script' || step.subject === null) continue
          const candidates = executorsOf(found, step.on)
          expect(candidates).not.toEqual([])
          for (const { member } of candidates) expect(waitsFor(found, `machine/${member}`)).not.toContain(step.key)
        }
      }),
    )
  })

  test('twice the members make at most twice the plan', () => {
    const name = folder.endsWith('machines') ? 'count' : 'workers'
    const sizes = [100, 200, 400].map((count) => entriesOf(plan(blueprint, building(blueprint, { [name]: count }))))
    const [small = 0, medium = 0, large = 0] = sizes
    expect(medium).toBeLessThanOrEqual(small * 2)
    expect(large).toBeLessThanOrEqual(medium * 2)
  })
})

test('members that vote are replaced without a circle even when all are replaced at once', async () => {
  const quorum = await blueprintAt('test/blueprints/quorum')
  let input: PlanInput = { ...building(quorum), founded: new Set(['script/found']) }
  for (const name of ['voter-0', 'voter-1', 'voter-2']) input = replacing(input, name)
  const keys = plan(quorum, input).steps.map((step) => step.key)
  expect(keys).toEqual(expect.arrayContaining(['machine/voter-0@2', 'machine/voter-1@2', 'machine/voter-2@2']))
})
