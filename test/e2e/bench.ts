// A measured time: printed, and kept as a row for the bench table.

import { appendFileSync, mkdirSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '../../dist/bench')

/** Prints `name: seconds` and appends it to dist/bench/e2e.jsonl with what it was measured on. */
export function benchRow(name: string, seconds: number, facts: Readonly<Record<string, unknown>> = {}): void {
  const [load = 0] = loadavg()
  const row = {
    name,
    seconds: Number(seconds.toFixed(2)),
    cores: availableParallelism(),
    load: Number(load.toFixed(1)),
    ...facts,
  }
  mkdirSync(folder, { recursive: true })
  appendFileSync(join(folder, 'e2e.jsonl'), `${JSON.stringify({ at: new Date().toISOString(), ...row })}\n`)
  console.log(`bench: ${JSON.stringify(row)}`)
}
