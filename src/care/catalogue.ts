// Sizes and images as the installation offers them.

import { z } from 'zod'
import type { GroupSpec } from '../blueprints/index.ts'
import type { ProviderId } from '../kernel/ids.ts'
import { ProblemError } from '../kernel/problem.ts'
import type { Resources } from '../placement/index.ts'
import type { Db } from '../store/store.ts'
import type { Slot } from './slot.ts'

export interface Flavor extends Resources {
  readonly cost: Readonly<Record<string, number>>
}
export type Flavors = Readonly<Record<string, Flavor>>

const imagesSchema = z.record(z.string(), z.object({ ref: z.string(), user: z.string() }))
export type ImageMapping = z.infer<typeof imagesSchema>[string]

/** A living provider and how it calls the images it has. */
export interface ProviderImages {
  readonly id: ProviderId
  readonly name: string
  readonly images: Readonly<Record<string, ImageMapping>>
}

/** Providers that may be placed on, whatever their health: placement says which are not reachable. */
export async function loadProviderImages(db: Db): Promise<ProviderImages[]> {
  const rows = await db
    .selectFrom('providers')
    .select(['id', 'name', 'images'])
    .where('deleted_at', 'is', null)
    .where('state', '!=', 'removing')
    .orderBy('name')
    .execute()
  return rows.map((row) => ({ id: row.id, name: row.name, images: imagesSchema.parse(JSON.parse(row.images)) }))
}

/** The slots of a group, first incarnations. Throws `invalid_parameter` for a flavor that does not exist. */
export function slotsOf(groups: readonly GroupSpec[], flavors: Flavors): Slot[] {
  return groups.flatMap((group) => {
    const { cost, ...resources } = flavorOf(flavors, group.flavor)
    return Array.from({ length: group.count }, (_, ordinal) => ({
      group,
      ordinal,
      incarnation: 1,
      revision: 1,
      resources,
      cost,
    }))
  })
}

/** Throws `invalid_parameter` for one that does not exist. */
export function flavorOf(flavors: Flavors, name: string): Flavor {
  const flavor = flavors[name]
  if (flavor) return flavor
  throw new ProblemError({
    code: 'invalid_parameter',
    detail: `There is no flavor ${name}.`,
    facts: { flavor: name, flavors: Object.keys(flavors) },
    next: `Choose one of ${Object.keys(flavors).join(', ')}.`,
  })
}
