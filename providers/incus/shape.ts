// What an instance may use and is wired to, as one short digest. It is written beside the tags when the instance is made, so
// that a later look tells whether somebody changed it since: the tags alone would say for ever what was asked for.

import { createHash } from 'node:crypto'

type Config = Readonly<Record<string, string>>

/**
 * Digest of limits, rights and devices. Not of what Incus itself writes (`volatile.*`, `image.*`), of notes (`user.*`), nor
 * of what is set for a while and changes no machine: protection, start order, snapshots.
 */
export function shapeOf(config: Config, devices: Readonly<Record<string, Config>>): string {
  const shaping = Object.entries(config).filter(([name]) => shapes(name))
  const wired = Object.entries(devices).map(([name, device]) => [name, sorted(Object.entries(device))] as const)
  const text = JSON.stringify([sorted(shaping), sorted(wired)])
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

function shapes(name: string): boolean {
  return name.startsWith('limits.') || (name.startsWith('security.') && !name.startsWith('security.protection.'))
}

function sorted<T>(entries: readonly (readonly [string, T])[]) {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1))
}
