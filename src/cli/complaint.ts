// How an error reads: what was refused, why, in lists where the server gave lists, and what to do next.

import { ProblemError } from '../kernel/problem.ts'
import { adviceFor, inCommands } from './advice.ts'
import { ApiProblem, type ProblemBody } from './client/api-problem.ts'
import { type Paint, tame, words } from './client/text.ts'
import { UsageError } from './usage.ts'

/** Lines for the person; `debug` adds where it came from. */
export function complaint(error: unknown, paint: Paint, debug: boolean): string[] {
  if (error instanceof ApiProblem) return problemLines(error, paint)
  if (error instanceof ProblemError)
    return [`${paint('bad', `Refused: ${error.code}.`)} ${tame(error.detail)}`, ...nextLines(error.next)]
  if (error instanceof UsageError)
    return [`${paint('bad', 'Not understood:')} ${error.message}`, ...nextLines(error.next)]
  const text = error instanceof Error ? (debug ? (error.stack ?? error.message) : error.message) : String(error)
  return [`${paint('bad', 'Failed:')} ${text}`, ...(debug ? [] : ['  Set GANTRY_DEBUG=1 to see where.'])]
}

/** A problem that was an answer, or one that an object has. */
export function problemLines(problem: ProblemBody, paint: Paint): string[] {
  const word = problem.status >= 400 && problem.status < 500 ? 'Refused' : 'Failed'
  const lines = [`${paint('bad', `${word}: ${problem.code}.`)} ${tame(problem.detail)}`]
  // Where the sentence names the field already, naming it again would only look like a second mistake.
  const more = (problem.errors ?? []).filter((error) => !problem.detail.includes(error.detail))
  for (const error of more) lines.push(`  ${error.pointer || '(body)'}  ${tame(error.detail)}`)
  for (const [name, value] of Object.entries(problem.facts ?? {})) {
    if (!Array.isArray(value) || value.length === 0) continue
    const items = value.map((item) => tame(String(item)))
    if (items.some((item) => problem.next?.includes(item))) continue
    const short = items.join(', ')
    if (short.length < 60) lines.push(`  ${paint('quiet', words(name))}  ${short}`)
    else lines.push(`  ${paint('quiet', words(name))}`, ...items.map((item) => `    ${item}`))
  }
  lines.push(...nextLines(adviceFor(problem.code) ?? nextOf(problem)))
  if (problem.requestId && problem.status >= 500) lines.push(paint('quiet', `  request ${problem.requestId}`))
  return lines
}

/** The advice as one types it: commands, and parameters with their flag. */
function nextOf({ next, facts }: ProblemBody): string | undefined {
  const would = Array.isArray(facts?.wouldFitWith) ? facts.wouldFitWith.map(String) : []
  const parameters = would.filter((item) => /^[\w-]+=\S+$/.test(item))
  return next && parameters.reduce((text, item) => text.replace(item, `--set ${item}`), inCommands(next))
}

/** The same for a program: the problem as the server sent it. */
export function complaintData(error: unknown): Record<string, unknown> {
  if (error instanceof ApiProblem) {
    const { code, status, detail, next, facts, errors, requestId } = error
    return { code, status, detail, next, facts, errors, requestId }
  }
  if (error instanceof ProblemError) return { ...error.toProblem() }
  const next = error instanceof UsageError ? error.next : undefined
  return {
    code: error instanceof UsageError ? 'usage' : 'internal',
    detail: error instanceof Error ? error.message : String(error),
    next,
  }
}

/** 2 for a mistake in the command, 1 for everything else that went wrong. */
export function exitCodeOf(error: unknown): 1 | 2 {
  return error instanceof UsageError || (error instanceof ApiProblem && error.code === 'usage') ? 2 : 1
}

function nextLines(next: string | undefined): string[] {
  return next === undefined ? [] : next.split('\n').map((line) => `  ${tame(line)}`)
}
