import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Candidate, chooseVictims } from './victims.ts'

const group = fc
  .array(
    fc.record({
      well: fc.boolean(),
      zone: fc.constantFrom('a', 'b', 'c'),
      host: fc.constantFrom('1', '2', '3'),
      createdAt: fc.integer({ min: 1, max: 20 }),
    }),
    { maxLength: 12 },
  )
  .map((members): Candidate[] => members.map((member, ordinal) => ({ ...member, name: `w-${ordinal}`, ordinal })))
const spread = fc.constantFrom(
  {},
  { zone: 'should' } as const,
  { host: 'must' } as const,
  { zone: 'must', host: 'should' } as const,
)
const choice = fc.tuple(group, fc.nat(14), spread)

function perZone(members: readonly Candidate[]): number[] {
  return [...Map.groupBy(members, ({ zone }) => zone).values()].map((there) => there.length)
}

describe('who goes when a group shrinks', () => {
  test('as many as asked for, or all, each once', () => {
    fc.assert(
      fc.property(choice, ([members, count, rules]) => {
        const victims = chooseVictims(members, count, rules)
        expect(victims).toHaveLength(Math.min(count, members.length))
        expect(new Set(victims).size).toBe(victims.length)
      }),
    )
  })

  test('nobody who is well goes while one who is not stays', () => {
    fc.assert(
      fc.property(choice, ([members, count, rules]) => {
        const victims = chooseVictims(members, count, rules)
        const illStays = members.some((member) => !member.well && !victims.includes(member))
        expect(illStays && victims.some(({ well }) => well)).toBe(false)
      }),
    )
  })

  test('without a spread, those who stay are the older ones', () => {
    fc.assert(
      fc.property(group, fc.nat(14), (members, count) => {
        const well = members.map((member) => ({ ...member, well: true }))
        const victims = chooseVictims(well, count, {})
        const youngestStays = Math.max(0, ...well.filter((one) => !victims.includes(one)).map((one) => one.createdAt))
        for (const victim of victims) expect(victim.createdAt).toBeGreaterThanOrEqual(youngestStays)
      }),
    )
  })

  test('a group that spreads over zones is never less even than it was', () => {
    fc.assert(
      fc.property(group, fc.nat(14), (members, count) => {
        const well = members.map((member) => ({ ...member, well: true }))
        const victims = chooseVictims(well, count, { zone: 'must' })
        const before = perZone(well)
        const after = perZone(well.filter((one) => !victims.includes(one)))
        // The fullest zone alone gives: it never falls below the level to which all are brought.
        const level = Math.max(0, ...after)
        const untouched = before.filter((there) => there <= level)
        for (const there of untouched) expect(after).toContain(there)
      }),
    )
  })

  test('the choice does not depend on the order in which members are read', () => {
    fc.assert(
      fc.property(choice, ([members, count, rules]) => {
        expect(chooseVictims(members.toReversed(), count, rules)).toEqual(chooseVictims(members, count, rules))
      }),
    )
  })
})
