// In the database null is unlimited; in the API the word is said.

import { invalidFields } from '../../http/fields.ts'
import { nearest } from '../../http/nearest.ts'
import type { z } from '../../http/schema.ts'
import { quotaKeys } from '../../quota/index.ts'
import type { Config } from '../config.ts'
import type { Limits, Usage } from './schemas.ts'

export function toStored(amount: number | 'unlimited'): number | null {
  return amount === 'unlimited' ? null : amount
}

export function usage(amount: number | null, used: number, left = amount === null ? null : amount - used): Usage {
  return { limit: amount ?? 'unlimited', used, left: left === null ? 'unlimited' : Math.max(0, left) }
}

/** Throws invalid_request for a key that nothing counts: a misspelt limit would grant nothing and say nothing. */
export function checkKeys(config: Config, limits: z.output<typeof Limits>): void {
  const known = new Set<string>([
    ...Object.values(quotaKeys),
    ...config.quotaKeys,
    ...Object.values(config.flavors).flatMap((flavor) => Object.keys(flavor.cost)),
  ])
  const errors = Object.keys(limits)
    .filter((key) => !known.has(key))
    .map((key) => {
      const near = nearest(key, known)
      const hint = near ? `did you mean ${near}?` : `there are ${[...known].join(', ')}`
      return { pointer: `/limits/${key}`, detail: `unknown quota key, ${hint}` }
    })
  const next = 'Correct the key; an installation adds keys of its own by quotaKeys in its configuration.'
  const refusal = invalidFields(errors, next)
  if (refusal) throw refusal
}
