import { expect, test } from 'vitest'
import type { Need, PlanStep } from '../blueprints/plan-types.ts'
import { buildSchedule } from './schedule.ts'

function step(key: string, needs: Need[] = [], member: string | null = null): PlanStep {
  const common = {
    key,
    want: 'present' as const,
    mode: 'each' as const,
    member,
    needs,
    deadlineMs: 1_000,
    maxAttempts: 1,
  }
  return { ...common, kind: 'ssh', input: { member: member ?? 'm-0@1' } }
}

const openKeys = (schedule: ReturnType<typeof buildSchedule>) => [...schedule.open()].map((one) => one.key)

test('a step is open only when all it needs is clean, and clean steps are not open', () => {
  const all: Need = { quantifier: 'all', steps: ['a', 'b'] }
  const schedule = buildSchedule([step('a'), step('b'), step('c', [all])], () => false)
  expect(openKeys(schedule)).toEqual(['a', 'b'])
  schedule.set('a', true)
  expect(openKeys(schedule)).toEqual(['b'])
  schedule.set('b', true)
  expect(openKeys(schedule)).toEqual(['c'])
  expect(schedule.waitsFor('c')).toEqual([])
})

test('any and quorum are met by one and by a majority', () => {
  const steps = ['a', 'b', 'c'].map((key) => step(key))
  const any: Need = { quantifier: 'any', steps: ['a', 'b', 'c'] }
  const quorum: Need = { quantifier: 'quorum', steps: ['a', 'b', 'c'] }
  const schedule = buildSchedule([...steps, step('one', [any]), step('most', [quorum])], () => false)
  schedule.set('b', true)
  expect(openKeys(schedule)).toContain('one')
  expect(openKeys(schedule)).not.toContain('most')
  schedule.set('c', true)
  expect(openKeys(schedule)).toContain('most')
})

test('a need that lapses holds back what has not run, and undoes nothing', () => {
  const need: Need = { quantifier: 'all', steps: ['a'] }
  const schedule = buildSchedule(
    [step('a'), step('ran', [need]), step('not-yet', [need])],
    (one) => one.key !== 'not-yet',
  )
  expect(openKeys(schedule)).toEqual(['not-yet'])
  schedule.set('a', false)
  expect(openKeys(schedule)).toEqual(['a'])
  expect(schedule.isClean('ran')).toBe(true)
})

test('a need for steps that are not planned is met', () => {
  const schedule = buildSchedule([step('a', [{ quantifier: 'all', steps: ['gone'] }])], () => false)
  expect(openKeys(schedule)).toEqual(['a'])
})

test('how many steps of a member are left is counted as they finish', () => {
  const schedule = buildSchedule([step('a', [], 'm-0@1'), step('b', [], 'm-0@1'), step('c', [], 'm-1@1')], () => false)
  expect(schedule.remaining('m-0@1')).toBe(2)
  schedule.set('a', true)
  schedule.set('a', true)
  expect(schedule.remaining('m-0@1')).toBe(1)
  expect(schedule.remaining('m-1@1')).toBe(1)
})

test('building and finishing a schedule visits each edge once: shared needs keep it linear', () => {
  const members = Array.from({ length: 2_000 }, (_, i) => step(`join-${i}`))
  const all: Need = { quantifier: 'all', steps: members.map((one) => one.key) }
  const after = Array.from({ length: 2_000 }, (_, i) => step(`after-${i}`, [all]))
  const schedule = buildSchedule([...members, ...after], () => false)
  for (const one of members) schedule.set(one.key, true)
  expect(openKeys(schedule)).toHaveLength(2_000)
})
