// Which sweeps have passed, a line each: so a run that was interrupted goes on, and the numbers are added up at the end.

import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'

const line = z.object({
  /** Blueprint, operation, way and shard. */
  name: z.string(),
  boundaries: z.int(),
  lives: z.int(),
  /** Whether they started from a copy of one; otherwise each was prepared anew. */
  copied: z.boolean(),
  seconds: z.number(),
})
export type Passed = z.infer<typeof line>

export function passedIn(path: string): Passed[] {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.filter((text) => text !== '').map((text) => line.parse(JSON.parse(text)))
}

export function notePassed(path: string, passed: Passed): void {
  appendFileSync(path, `${JSON.stringify(passed)}\n`)
}
