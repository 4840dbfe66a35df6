// npm run bench: what Gantry costs and how far it carries. Benchmarks are no tests: nothing fails for being slow, and
// what was measured on which machine, how busy, is written beside the figures.
//
//   npm run bench                      every row, into test/bench/results.md
//   npm run bench -- --row create-100  one row, on the terminal alone (also: cold-start, steps, idle, repairs, planning, create-1, create-1000-50ms)
//   npm run bench -- --row repairs --kind hangs --rounds 1      those of its kinds whose names say so, once each
//   npm run bench -- --row create-100 --profile <folder>    with a CPU profile of the server

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { coldStartRow } from './cold-start.ts'
import { creationRow } from './creation.ts'
import { idleRow } from './idle.ts'
import { machineFacts } from './machine.ts'
import { planningRows } from './planning.ts'
import { repairRows } from './repairs.ts'
import {
  coldStartLine,
  creationLine,
  idleLine,
  type Line,
  planningLine,
  repairsLine,
  resultsPage,
  stepsLine,
} from './results.ts'
import { stepsRow } from './steps.ts'

const { values } = parseArgs({
  options: {
    row: { type: 'string' },
    profile: { type: 'string' },
    rounds: { type: 'string' },
    kind: { type: 'string' },
  },
})
const node = values.profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', values.profile]

/** Rounds become fewer as they become longer, so that all rows together stay below a quarter of an hour. */
const creations = [
  { platforms: 1, rounds: 10 },
  { platforms: 10, rounds: 5 },
  { platforms: 100, rounds: 3 },
  { platforms: 1_000, rounds: 1 },
].flatMap((size) => [0, 50].map((latencyMs) => ({ ...size, latencyMs })))

const rows: Readonly<Record<string, () => Promise<Line>>> = {
  'cold-start': async () => coldStartLine(await coldStartRow(7)),
  steps: async () => stepsLine(await stepsRow(5)),
  idle: async () => idleLine(await idleRow(10)),
  repairs: async () => repairsLine(await repairRows(Number(values.rounds ?? 3), values.kind)),
  planning: async () => planningLine(await planningRows(20)),
  ...Object.fromEntries(
    creations.map((row) => [
      `create-${row.platforms}${row.latencyMs === 0 ? '' : `-${row.latencyMs}ms`}`,
      async () => creationLine(await creationRow({ ...row, node })),
    ]),
  ),
}

const wanted = Object.keys(rows).filter((name) => values.row === undefined || name === values.row)
if (wanted.length === 0) {
  process.stderr.write(`There is no row ${values.row}; there are ${Object.keys(rows).join(', ')}.\n`)
  process.exit(2)
}

const facts = machineFacts()
const lines: Line[] = []
for (const name of wanted) {
  const before = machineFacts().load
  const line = await rows[name]?.()
  if (!line) continue
  lines.push({ ...line, load: `${before.toFixed(1)} -> ${machineFacts().load.toFixed(1)}` })
  process.stdout.write(`${name}: ${line.figures.join('; ')}   (load ${lines.at(-1)?.load})\n`)
}
if (values.row === undefined) writeFileSync(join(import.meta.dirname, 'results.md'), resultsPage(facts, lines))
