// The journal of one task as a file: what was asked for, what was decided, and what each step came to, a line of JSON each,
// sealed by a checksum in the last one. It holds no secret: logs and problems were redacted when they were written, secret
// outputs are left out. gantry replay runs it again.

import { z } from 'zod'
import { sha256 } from './canonical.ts'
import { ProblemError } from './problem.ts'
import { requestKinds } from './requests.ts'

/** Raised with every change of what a line means. */
const journalFormat = 'gantry-journal/2'

const at = z.int()
const code = z.string().nullable()

const headSchema = z.object({
  line: z.literal('journal'),
  format: z.literal(journalFormat),
  /** Of the Gantry that wrote it. */
  version: z.string(),
  exportedAt: at,
  /** What it tells ends here: with its task, or when it was written. */
  until: at,
  task: z.string(),
  platform: z.object({ id: z.string(), name: z.string() }),
})
const blueprintSchema = z.object({
  line: z.literal('blueprint'),
  digest: z.string(),
  /** Path -> text. */
  files: z.record(z.string(), z.string()),
})
const houseSchema = z.object({
  line: z.literal('house'),
  /** Name -> what the installation gave for it. */
  flavors: z.record(z.string(), z.object({ cpu: z.number(), memoryBytes: z.number(), diskBytes: z.number() })),
  /** Those on which machines of the platform were. */
  hosts: z.array(z.object({ name: z.string(), zone: z.string() })),
  images: z.array(z.string()),
  meltdown: z.object({ fraction: z.number(), windowMinutes: z.int(), minimum: z.int() }),
})
/** Where the machine of a member was. */
const seatSchema = z.object({
  line: z.literal('seat'),
  member: z.string(),
  zone: z.string(),
  host: z.string().nullable(),
})
const requestSchema = z.object({
  line: z.literal('request'),
  at,
  /** That follows it; null: it ended with its answer. */
  task: z.string().nullable(),
  kind: z.enum(requestKinds),
  operation: z.string().nullable(),
  /** Digest of the version that was wished for; null where none was. */
  blueprint: z.string().nullable(),
  parameters: z.record(z.string(), z.json()),
  /** What else it names: a task, a problem and its resolution, a host. */
  about: z.record(z.string(), z.string()),
  /** Of the task, as it was when the journal was written. */
  state: z.string().nullable(),
  code,
  endedAt: at.nullable(),
})
const decisionSchema = z.object({
  line: z.literal('decision'),
  at,
  kind: z.string(),
  subject: z.string(),
  reason: z.string(),
  data: z.json(),
})
/** What was found to be wrong, and until when it was. */
const troubleSchema = z.object({
  line: z.literal('trouble'),
  at,
  code: z.string(),
  subject: z.string(),
  detail: z.string(),
  /** Who is down with it, of a host or a zone that is dead. */
  members: z.array(z.string()).default([]),
  endedAt: at.nullable(),
  ending: z.string().nullable(),
})
const outcomeSchema = z.object({
  line: z.literal('outcome'),
  at,
  step: z.string(),
  outcome: z.enum(['done', 'failed', 'blocked']),
  code,
  /** `unknown`: the call may have taken place all the same. */
  effect: z.string().nullable(),
  detail: z.string().nullable(),
})
const attemptSchema = z.object({
  line: z.literal('attempt'),
  step: z.string(),
  number: z.int(),
  executor: z.string().nullable(),
  startedAt: at,
  endedAt: at.nullable(),
  outcome: z.enum(['done', 'failed', 'lost', 'abandoned']).nullable(),
  exitCode: z.int().nullable(),
  detail: z.string().nullable(),
  /** Plain ones; null where it is secret or was forgotten. */
  outputs: z.record(z.string(), z.string().nullable()),
  /** Its last part, redacted. */
  log: z.string(),
})
const takenOverSchema = z.object({ line: z.literal('takenOver'), at, cause: z.string() })
const endSchema = z.object({ line: z.literal('end'), lines: z.int(), sha256: z.string() })

const lineSchema = z.discriminatedUnion('line', [
  headSchema,
  blueprintSchema,
  houseSchema,
  requestSchema,
  decisionSchema,
  troubleSchema,
  seatSchema,
  outcomeSchema,
  attemptSchema,
  takenOverSchema,
  endSchema,
])
export type JournalLine = Exclude<z.output<typeof lineSchema>, { line: 'end' }>
export type JournalRequest = z.output<typeof requestSchema>
export type JournalDecision = z.output<typeof decisionSchema>
export type JournalTrouble = z.output<typeof troubleSchema>
export type JournalOutcome = z.output<typeof outcomeSchema>
export type JournalAttempt = z.output<typeof attemptSchema>

/** What an attempt ended with that was never begun: it was sent along, or recorded, and stopped before its turn came. */
export const stoppedBefore = 'stopped before it began'

/** Whether the machine never began it. */
export function neverBegan({ outcome, detail }: JournalAttempt): boolean {
  return outcome === 'abandoned' && detail === stoppedBefore
}

export interface Journal {
  readonly head: z.output<typeof headSchema>
  /** Every version that was wished for; never empty. */
  readonly blueprints: readonly z.output<typeof blueprintSchema>[]
  readonly house: z.output<typeof houseSchema>
  readonly requests: readonly JournalRequest[]
  readonly seats: readonly z.output<typeof seatSchema>[]
  readonly troubles: readonly JournalTrouble[]
  readonly decisions: readonly JournalDecision[]
  readonly outcomes: readonly JournalOutcome[]
  readonly attempts: readonly JournalAttempt[]
  readonly takenOver: readonly z.output<typeof takenOverSchema>[]
}

/** The file's text. */
export function journalText(lines: readonly JournalLine[]): string {
  const body = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  return `${body}${JSON.stringify({ line: 'end', lines: lines.length, sha256: sha256(body) })}\n`
}

/** Reads a journal. Throws ProblemError 'invalid_request' for what is none, was cut or was changed. */
export function parseJournal(text: string): Journal {
  const lines = text.trimEnd().split('\n')
  requireFormat(lines[0] ?? '')
  const parsed = lines.map((line, index) => parseLine(line, index + 1))
  const end = parsed.at(-1)
  if (end?.line !== 'end') throw broken('The journal was cut short: its last line is missing.')
  const body = `${lines.slice(0, -1).join('\n')}\n`
  if (end.lines !== lines.length - 1 || end.sha256 !== sha256(body))
    throw broken('The journal was changed since it was written: its checksum differs.')
  const of = <K extends JournalLine['line']>(kind: K) =>
    parsed.filter((line): line is Extract<JournalLine, { line: K }> => line.line === kind)
  const [head] = of('journal')
  const blueprints = of('blueprint')
  const [house] = of('house')
  if (!head || blueprints.length === 0 || !house) throw broken('The journal has no head, no blueprint or no house.')
  return {
    head,
    blueprints,
    house,
    seats: of('seat'),
    requests: of('request'),
    decisions: of('decision'),
    troubles: of('trouble'),
    outcomes: of('outcome'),
    attempts: of('attempt'),
    takenOver: of('takenOver'),
  }
}

const anyHead = z.object({ line: z.literal('journal'), format: z.string(), version: z.string() })

/** Throws for a journal of another release, whose lines mean something else. */
function requireFormat(first: string): void {
  const head = anyHead.safeParse(jsonOf(first, 1))
  if (!head.success) throw broken('This is no journal: its first line is not the head of one.')
  const { format, version } = head.data
  if (format === journalFormat) return
  const next = `Replay it with Gantry ${version}, which wrote it, or export the task again with this one.`
  const detail = `The journal is of format ${format}, written by Gantry ${version}; this Gantry replays ${journalFormat} alone.`
  throw new ProblemError({ code: 'invalid_request', detail, next })
}

function jsonOf(text: string, number: number): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw broken(`Line ${number} of the journal is no JSON.`, cause)
  }
}

function parseLine(text: string, number: number) {
  const parsed = lineSchema.safeParse(jsonOf(text, number))
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw broken(`Line ${number} of the journal is none that this Gantry knows: ${issue?.path.join('.') || 'line'}.`)
}

function broken(detail: string, cause?: unknown): ProblemError {
  const next = 'Export it again with gantry task export.'
  return new ProblemError({ code: 'invalid_request', detail, next }, { cause })
}
