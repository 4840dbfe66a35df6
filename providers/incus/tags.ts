// How an object says whose it is. `user.*` is the part of an instance's configuration that Incus leaves to its users.

import { createHash } from 'node:crypto'
import type { ResourceKey } from '../../src/provider/contract.ts'

export const ownerKey = 'user.gantry.owner'
export const resourceKeyKey = 'user.gantry.key'
export const specKey = 'user.gantry.spec'
/** Digest of what the machine was given (shape.ts). */
export const shapeKey = 'user.gantry.shape'
/** The static address, where we gave one. */
export const addressKey = 'user.gantry.address'
/** Set when identity is in place; without it a machine that never ran is only half made. */
export const preparedKey = 'user.gantry.prepared'

/**
 * The instance name of a key: a DNS label of at most 63 characters, readable at its front, unique by the hash
 * (128 bits of sha256) at its end. Only the key goes in: a destroy knows nothing else.
 */
export function nativeName(key: ResourceKey): string {
  const member = key.slice(key.lastIndexOf('/') + 1)
  const readable = member
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 28)
    .replace(/^-+|-+$/g, '')
  const hash = createHash('sha256').update(key).digest('hex').slice(0, 32)
  return readable === '' ? `g-${hash}` : `g-${readable}-${hash}`
}
