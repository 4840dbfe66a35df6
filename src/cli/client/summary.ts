// The last words about a platform: its machines and outputs when it is ready, its receipt when it is gone.

import { duration, timeOfDay } from './duration.ts'
import { facts, table } from './table.ts'
import { count, type Paint } from './text.ts'
import type { Platform, Receipt, Task } from './types.ts'

/** A table of the members, e.g. `manager-0  ready  sim/zone-a/host-1  10.20.0.11`. */
export function memberLines(platform: Platform, paint: Paint): string[] {
  const rows = platform.groups.flatMap((group) =>
    group.members.map((member) => [
      member.name,
      member.machineState,
      member.providerName,
      member.zone,
      member.host,
      member.address,
      member.incarnation > 1 ? `incarnation ${member.incarnation}` : '',
    ]),
  )
  const replaced = rows.some((row) => row[6] !== '')
  const headings = ['MACHINE', 'STATE', 'PROVIDER', 'ZONE', 'HOST', 'ADDRESS', ...(replaced ? ['REPLACED'] : [])]
  return table(
    headings,
    rows.map((row) => row.slice(0, headings.length)),
    paint,
  )
}

/** Outputs by name; a secret says how to see it, never what it is. `gantry` is how the reader calls the command. */
export function outputLines(platform: Platform, paint: Paint, gantry = 'gantry'): string[] {
  return namedOutputs(platform.outputs, `${gantry} platform output ${platform.name}`, paint)
}

/** The same of an operation that is done. */
export function operationOutputLines(task: Task, paint: Paint): string[] {
  return namedOutputs(task.outputs, `gantry task output ${task.id}`, paint)
}

function namedOutputs(outputs: Readonly<Record<string, unknown>>, command: string, paint: Paint): string[] {
  return facts(
    Object.entries(outputs).map(([name, value]) => [
      name,
      isSecret(value) ? `(secret; ${command} ${name})` : plain(value),
    ]),
    paint,
  )
}

/** `platform team-a  ready in 38 s` */
export function readyLine(task: Task, paint: Paint): string {
  return `platform ${paint('strong', task.target.name)}  ${paint('good', 'ready')} in ${took(task)}`
}

/** When, what and by whom it was observed gone. */
export function deletedLines(task: Task, receipt: Receipt | undefined, paint: Paint, gantry = 'gantry'): string[] {
  const head = `platform ${paint('strong', task.target.name)}  deleted in ${took(task)}`
  if (receipt === undefined) return [`${head}; it never had anything at a provider.`]
  const kinds = Map.groupBy(receipt.objects, (object) => object.kind)
  const what = [...kinds].map(([kind, objects]) => count(objects.length, kind)).join(', ') || 'nothing'
  const where = [...new Set(receipt.objects.map((object) => object.providerName))].join(', ')
  const times = receipt.objects.map((object) => object.observedAt).sort()
  const [first, last] = [times[0], times.at(-1)].map((time) => (time === undefined ? '' : timeOfDay(time)))
  const when = first === last ? `at ${first}` : `between ${first} and ${last}`
  const proof = receipt.objects.length === 0 ? what : `${what}; each observed gone at ${where} ${when}`
  return [`${head}      receipt ${receipt.id}`, `  ${proof}   (${gantry} receipt show ${receipt.id})`]
}

/** Whether an output is a secret that the API named and did not show. */
export function isSecret(value: unknown): value is { secret: true; href: string } {
  return typeof value === 'object' && value !== null && 'secret' in value && value.secret === true && 'href' in value
}

function plain(value: unknown): string {
  if (Array.isArray(value)) return value.map(plain).join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function took(task: Task): string {
  return duration((task.seconds ?? 0) * 1000)
}
