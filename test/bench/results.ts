// The page of results: what was aimed at beside what came out, and what end-to-end runs have noted of themselves.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { ColdStartRow } from './cold-start.ts'
import { type CreationRow, machinesEach, slowdown, stepsEach } from './creation.ts'
import { medianOf, shown } from './figures.ts'
import type { IdleRow } from './idle.ts'
import type { MachineFacts } from './machine.ts'
import type { PlanningRow } from './planning.ts'
import type { RepairRow } from './repairs.ts'
import { hostCount } from './stage.ts'
import type { StepsRow } from './steps.ts'

export interface Line {
  readonly kind: 'create' | 'other'
  /** Cells of its table. */
  readonly figures: readonly string[]
  /** Load average of the machine before and after. */
  readonly load?: string
}

export function creationLine(row: CreationRow): Line {
  const { platforms, create } = row
  const perPlatform = (seconds: number) => `${((1000 * seconds) / platforms).toFixed(0)} ms`
  return {
    kind: 'create',
    figures: [
      `${platforms} x ${machinesEach}, ${row.latencyMs} ms`,
      `${shown(create)} s`,
      row.cold ? `${row.cold.create.toFixed(2)} s` : '',
      `${((platforms * stepsEach) / create.median).toFixed(0)}/s`,
      perPlatform(row.serverCpu.median),
      perPlatform(row.worldCpu.median),
      aloneCell(row),
      `${row.remove.median.toFixed(2)} s`,
      `${row.residentMiB.toFixed(0)} MiB`,
    ],
  }
}

function aloneCell(row: CreationRow): string {
  const { before, after } = row
  const wall = `${ms(medianOf(before.seconds))} -> ${ms(medianOf(after.seconds))}: ${slowdown(row).toFixed(2)}`
  return `${wall} (CPU ${ms(before.serverCpu)} -> ${ms(after.serverCpu)})`
}

export function coldStartLine({ first, again }: ColdStartRow): Line {
  const value = `${shown(again, 0)} ms; on an empty folder ${shown(first, 0)} ms`
  return {
    kind: 'other',
    figures: ['cold start of `gantry serve`, process start to 200 of /readyz', value, '< 400 ms'],
  }
}

export function stepsLine({ perSecond, cpuMs }: StepsRow): Line {
  const value = `${shown(perSecond, 0)} per second, ${cpuMs.median.toFixed(2)} CPU-ms each`
  return { kind: 'other', figures: ['durable steps, provider and machines that answer at once', value, ''] }
}

export function idleLine({ machines, restMs, first, scan }: IdleRow): Line {
  const share = (ms: number) => `${((ms / 60_000 + restMs / 1_000) * 100).toFixed(2)} % of a core`
  const told = (['list', 'pages'] as const).map(
    (by) =>
      `by ${by} ${shown(scan[by], 0)} CPU-ms a scan (the first ${first[by].toFixed(0)}): ${share(scan[by].median)}`,
  )
  const value = `${told.join('; ')}; the process at rest ${restMs.toFixed(1)} CPU-ms a second, which is counted in`
  const what = `${machines / 5} idle platforms x 5 machines, a scan each minute, list in the same process, no per-machine checks`
  return { kind: 'other', figures: [what, value, '< 5 % of a core'] }
}

export function repairsLine(rows: readonly RepairRow[]): Line {
  const told = rows.map(
    ({ kind, seconds, seen }) => `${kind}: ${shown(seconds, 1)} s, seen after ${seen.median.toFixed(1)} s`,
  )
  const what =
    'repairs of a swarm of 3 + 3 on 5 simulated hosts over real SSH, boot time 0: from the harm to READY again, found by scans'
  return { kind: 'other', figures: [what, told.join('; '), 'a vanished machine is missed within 70 s'] }
}

export function planningLine(rows: readonly PlanningRow[]): Line {
  const told = rows.map(
    ({ blueprint, members, steps, msPerThousand }) =>
      `${blueprint} of ${members} (${steps} steps): ${shown(msPerThousand, 1)} ms`,
  )
  return { kind: 'other', figures: ['planning and scheduling, per 1,000 members', told.join('; '), 'no growth'] }
}

export function resultsPage(facts: MachineFacts, lines: readonly Line[]): string {
  const rowsOf = (kind: Line['kind']) => lines.filter((line) => line.kind === kind)
  return [
    '# Results of `npm run bench`',
    '',
    'Written by `test/bench/run.ts`. Load averages above the number of cores mean that others used the machine too.',
    '',
    ...facts.lines.map((line) => `- ${line}`),
    '',
    '## Creating platforms',
    '',
    `Through the REST API of a \`gantry serve\` on a file (synchronous=FULL), blueprint \`machines\`, ${machinesEach} machines each,`,
    `simulated provider (${hostCount} hosts, boot time 0) in a process of its own, a real SSH handshake with every machine; all asked`,
    'for at once, 16 requests on their way. Client, server and simulated machines share the cores. Seconds from the first',
    'request until the last platform is READY: median (range) of rounds in a warm process, and the first round of a cold',
    'one. Alone: a single platform, request to READY, with no other there and when all the others of the row are.',
    'Aims: 100 x 5 at 0 ms in under 4 s; the thousandth within 1.5 x of the first.',
    '',
    '| platforms x machines, provider latency | seconds to all READY | cold | steps | server CPU each | simulator CPU each | alone, first -> last | delete all | server memory | load |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...rowsOf('create').map((line) => tableRow([...line.figures, line.load ?? ''])),
    '',
    '## The rest',
    '',
    '| what | median (range, rounds) | aim | load |',
    '|---|---|---|---|',
    ...rowsOf('other').map((line) => tableRow([...line.figures, line.load ?? ''])),
    ...endToEnd(),
    '',
  ].join('\n')
}

const endToEndRow = z.object({
  at: z.string(),
  name: z.string(),
  seconds: z.number(),
  cores: z.number(),
  load: z.number(),
})

/** For comparison: measured by hand over SSH alone, without any control plane, on a machine like this. */
const references: Readonly<Record<string, string>> = {
  'incus: swarm of 3, request to READY': '8-10 s: the same with plain scripts over SSH',
}

/** What test/e2e noted of itself on this machine: every name with its best and its latest time. */
function endToEnd(): string[] {
  const path = join(import.meta.dirname, '../../dist/bench/e2e.jsonl')
  if (!existsSync(path)) return ['', 'No end-to-end run has noted its times in dist/bench/e2e.jsonl on this machine.']
  const noted = readFileSync(path, 'utf8').trim().split('\n')
  const byName = Map.groupBy(
    noted.map((line) => endToEndRow.parse(JSON.parse(line))),
    (row) => row.name,
  )
  const rows = [...byName].map(([name, all]) => {
    const told = (row: (typeof all)[number]) => `${row.seconds} s (load ${row.load}, ${row.at.slice(0, 16)})`
    const best = all.toSorted((a, b) => a.seconds - b.seconds)[0]
    const last = all.at(-1)
    return tableRow([name, best ? told(best) : '', last ? told(last) : '', String(all.length), references[name] ?? ''])
  })
  return [
    '',
    '## End to end, on real machines',
    '',
    'Noted by the runs of `test/e2e` on this machine.',
    '',
    '| what | best | latest | runs | reference |',
    '|---|---|---|---|---|',
    ...rows,
  ]
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

function ms(seconds: number): string {
  return `${(seconds * 1000).toFixed(0)} ms`
}
