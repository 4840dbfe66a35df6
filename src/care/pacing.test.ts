import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { updateRules } from '../blueprints/index.ts'
import { allWaves, type Behind, type Pace } from './pacing.ts'

const groups = ['voter', 'worker', 'edge'] as const
const maxInFlight = fc.oneof(
  fc.integer({ min: 1, max: 6 }),
  fc.integer({ min: 1, max: 100 }).map((n) => `${n}%`),
)
const rollout = fc
  .record({
    zones: fc.dictionary(fc.constantFrom(...groups), fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 })),
    /** Slots of every group in which there are two. */
    doubled: fc.uniqueArray(fc.integer({ min: 0, max: 11 })),
    canaries: fc.integer({ min: 0, max: 3 }),
    canariesSent: fc.integer({ min: 0, max: 3 }),
    maxInFlight,
    order: fc.subarray([...groups]),
  })
  .map(({ zones, doubled, canaries, canariesSent, maxInFlight, order }) => {
    const behind: Behind[] = Object.entries(zones).flatMap(([group, placed]) =>
      placed.flatMap((zone, ordinal) =>
        (doubled.includes(ordinal) ? [1, 2] : [1]).map((incarnation) => ({
          ref: `${group}-${ordinal}@${incarnation}`,
          group,
          ordinal,
          zone,
        })),
      ),
    )
    const pace: Pace = {
      rules: updateRules({ canaries, maxInFlight, order }),
      groups: groups.map((name) => ({ name, size: zones[name]?.length ?? 0, quorum: name === 'voter' })),
      canariesSent,
    }
    return { behind, pace }
  })

function rule(
  name: string,
  holds: (waves: readonly (readonly Behind[])[], behind: readonly Behind[], pace: Pace) => void,
) {
  test(name, () => {
    fc.assert(fc.property(rollout, ({ behind, pace }) => holds(allWaves(behind, pace), behind, pace)))
  })
}

describe('the waves of a rollout', () => {
  rule('take one of a slot at a time', (waves) => {
    for (const wave of waves) {
      const slots = wave.map(({ group, ordinal }) => `${group}-${ordinal}`)
      expect(new Set(slots).size).toBe(slots.length)
    }
  })

  rule('take everybody once', (waves, behind) => {
    expect(
      waves
        .flat()
        .map(({ ref }) => ref)
        .toSorted(),
    ).toEqual(behind.map(({ ref }) => ref).toSorted())
  })

  rule(
    'are of one group and one zone, never more at once than allowed, and of voters one',
    (waves, _, { rules, groups }) => {
      for (const wave of waves) {
        expect(new Set(wave.map(({ group, zone }) => `${group} ${zone}`)).size).toBe(1)
        const group = groups.find(({ name }) => name === wave[0]?.group)
        expect(wave.length).toBeLessThanOrEqual(group?.quorum ? 1 : rules.inFlightOf(group?.size ?? 0))
      }
    },
  )

  rule(
    'go through group after group in the order asked for, and in each through zone after zone',
    (waves, _, { rules, groups }) => {
      const order = [...rules.order, ...groups.map(({ name }) => name).filter((name) => !rules.order.includes(name))]
      const places = waves.map(([first]) => `${order.indexOf(first?.group ?? '')} ${first?.zone}`)
      expect(places).toEqual(places.toSorted())
    },
  )

  rule(
    'send no more ahead than the canaries that are left, before anybody else',
    (waves, _, { rules, canariesSent }) => {
      let sent = canariesSent
      for (const wave of waves) {
        if (sent >= rules.canaries) break
        sent += wave.length
        expect(sent).toBeLessThanOrEqual(rules.canaries)
      }
    },
  )
})
