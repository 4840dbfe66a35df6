import { z } from 'zod'
import { duration, durationMs, groupName } from './primitives.ts'

// How a change reaches the members of a platform that are there already.

const strategy = z.enum(['inPlace', 'replace'])

export const updateSchema = z
  .strictObject({
    strategy: z
      .union([strategy, z.record(groupName, strategy)])
      .optional()
      .meta({
        description:
          'inPlace: the steps that changed run again on the machine. replace: a new machine takes its place. ' +
          'One for all, or by group; inPlace. Another flavor or image always replaces.',
      }),
    canaries: z.int().min(0).max(100).optional().meta({
      description: 'So many members are changed first, and must be healthy before the rest; 1.',
    }),
    maxInFlight: z
      .union([
        z.int().min(1),
        z.string().regex(/^([1-9][0-9]?|100)%$/, 'Write a number of members, or a share such as 20%.'),
      ])
      .optional()
      .meta({
        description: 'At most so many of a group at once, a number or a share; 20%. Members that vote go alone.',
      }),
    order: z.array(groupName).optional().meta({ description: 'Groups in the order they are changed.' }),
    keepWarm: duration.optional().meta({
      description:
        'So long a machine that was replaced is kept, drained, for the change to be undone at once; not at all.',
    }),
    healthGate: z.boolean().optional().meta({
      description:
        'After each wave the health of the platform must pass before the next; true where health is declared.',
    }),
    stopOnFailure: z.boolean().optional().meta({
      description: 'A step that fails for good stops the rollout until a person chooses; true.',
    }),
  })
  .meta({ id: 'Update', description: 'How a change is rolled out over the members, zone after zone.' })

export type UpdateSpec = z.infer<typeof updateSchema>
export type Strategy = z.infer<typeof strategy>

/** The author's choices with the defaults filled in. */
export interface UpdateRules {
  readonly canaries: number
  readonly order: readonly string[]
  readonly stopOnFailure: boolean
  readonly healthGate: boolean
  /** ms; 0: replaced machines go at once. */
  readonly keepWarmMs: number
  strategyOf(group: string): Strategy
  /** How many of a group of `size` members may be in change at once, COUNT of at least 1. */
  inFlightOf(size: number): number
}

export function updateRules(update: UpdateSpec | undefined): UpdateRules {
  const { strategy = 'inPlace', maxInFlight = '20%' } = update ?? {}
  return {
    canaries: update?.canaries ?? 1,
    order: update?.order ?? [],
    stopOnFailure: update?.stopOnFailure ?? true,
    healthGate: update?.healthGate ?? true,
    keepWarmMs: update?.keepWarm === undefined ? 0 : durationMs(update.keepWarm),
    strategyOf: (group) => (typeof strategy === 'string' ? strategy : (strategy[group] ?? 'inPlace')),
    inFlightOf: (size) =>
      typeof maxInFlight === 'number'
        ? maxInFlight
        : Math.max(1, Math.floor((size * Number.parseInt(maxInFlight, 10)) / 100)),
  }
}
