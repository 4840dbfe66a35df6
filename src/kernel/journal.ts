// The journal of one task as a file: what was asked for, what was decided, and what each step came to, a line of JSON each,
// sealed by a checksum in the last one. It holds no secret: logs and problems were redacted when they were written, secret
// outputs are left out. gantry replay runs it again.

import { z } from 'zod'
import { sha256 } from './canonical.ts'
import { ProblemError } from './problem.ts'

const at = z.int()
const code = z.string().nullable()

const headSchema = z.object({
  line: z.literal('journal'),
  format: z.literal('gantry-journal/1'),
  /** Of the Gantry that wrote it. */
  version: z.string(),
  exportedAt: at,
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
  hosts: z.array(z.object({ name: z.string(), zone: z.string() })),
  images: z.array(z.string()),
})
const requestSchema = z.object({
  line: z.literal('request'),
  at,
  task: z.string(),
  kind: z.string(),
  operation: z.string().nullable(),
  parameters: z.record(z.string(), z.json()),
  /** As it was when the journal was written. */
  state: z.string(),
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
const lostSchema = z.object({ line: z.literal('lost'), at, member: z.string(), detail: z.string() })
const outcomeSchema = z.object({
  line: z.literal('outcome'),
  at,
  step: z.string(),
  outcome: z.enum(['done', 'failed', 'blocked']),
  code,
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
  lostSchema,
  outcomeSchema,
  attemptSchema,
  takenOverSchema,
  endSchema,
])
export type JournalLine = Exclude<z.output<typeof lineSchema>, { line: 'end' }>
export type JournalRequest = z.output<typeof requestSchema>
export type JournalOutcome = z.output<typeof outcomeSchema>
export type JournalAttempt = z.output<typeof attemptSchema>

export interface Journal {
  readonly head: z.output<typeof headSchema>
  readonly blueprint: z.output<typeof blueprintSchema>
  readonly house: z.output<typeof houseSchema>
  readonly requests: readonly JournalRequest[]
  readonly lost: readonly z.output<typeof lostSchema>[]
  readonly outcomes: readonly JournalOutcome[]
  readonly attempts: readonly JournalAttempt[]
}

/** The file's text. */
export function journalText(lines: readonly JournalLine[]): string {
  const body = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  return `${body}${JSON.stringify({ line: 'end', lines: lines.length, sha256: sha256(body) })}\n`
}

/** Reads a journal. Throws ProblemError 'invalid_request' for what is none, was cut or was changed. */
export function parseJournal(text: string): Journal {
  const lines = text.trimEnd().split('\n')
  const parsed = lines.map((line, index) => parseLine(line, index + 1))
  const end = parsed.at(-1)
  if (end?.line !== 'end') throw broken('The journal was cut short: its last line is missing.')
  const body = `${lines.slice(0, -1).join('\n')}\n`
  if (end.lines !== lines.length - 1 || end.sha256 !== sha256(body))
    throw broken('The journal was changed since it was written: its checksum differs.')
  const of = <K extends JournalLine['line']>(kind: K) =>
    parsed.filter((line): line is Extract<JournalLine, { line: K }> => line.line === kind)
  const [head] = of('journal')
  const [blueprint] = of('blueprint')
  const [house] = of('house')
  if (!head || !blueprint || !house) throw broken('The journal has no head, no blueprint or no house.')
  return {
    head,
    blueprint,
    house,
    requests: of('request'),
    lost: of('lost'),
    outcomes: of('outcome'),
    attempts: of('attempt'),
  }
}

function parseLine(text: string, number: number) {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw broken(`Line ${number} of the journal is no JSON.`, cause)
  }
  const parsed = lineSchema.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw broken(`Line ${number} of the journal is none that this Gantry knows: ${issue?.path.join('.') || 'line'}.`)
}

function broken(detail: string, cause?: unknown): ProblemError {
  const next = 'Export it again with gantry task export.'
  return new ProblemError({ code: 'invalid_request', detail, next }, { cause })
}
