// Outputs as they are stored, shown and revealed, of platforms and of operations alike.

import { z } from '../../http/schema.ts'
import { missing } from '../missing.ts'
import type { Rooms } from '../rooms.ts'
import type { SecretOutput } from './schemas.ts'

export const outputsSchema = z.record(z.string(), z.union([z.strictObject({ $secret: z.string() }), z.json()]))
export type StoredOutputs = z.output<typeof outputsSchema>
type Shown = z.output<typeof SecretOutput> | z.output<ReturnType<typeof z.json>>

/** With secrets by reference: `at` is where outputs are revealed one by one. */
export function shownOutputs(outputs: StoredOutputs, at: string): Record<string, Shown> {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, value]): [string, Shown] => [
      name,
      isSecret(value) ? { secret: true, href: `${at}/${encodeURIComponent(name)}` } : value,
    ]),
  )
}

/** One output with its value, also a secret one. Throws not_found and secret_unavailable. */
export async function revealed(rooms: Rooms, outputs: StoredOutputs, name: string) {
  if (!Object.hasOwn(outputs, name)) return missing('output', name)
  const value = outputs[name] ?? null
  if (!isSecret(value)) return { name, secret: false, value }
  return { name, secret: true, value: await rooms.vault.get(rooms.store.read, value.$secret) }
}

/** A stored output that is in the vault. */
function isSecret(value: unknown): value is { $secret: string } {
  return typeof value === 'object' && value !== null && '$secret' in value
}
