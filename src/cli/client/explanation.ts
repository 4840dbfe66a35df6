// "Why is it not ready?", answered the way one would ask on: what waits, what it said last, what comes next.

import { clock, duration, timeOfDay } from './duration.ts'
import { type Paint, tame } from './text.ts'
import type { Explanation } from './types.ts'

type Waiting = Explanation['waiting'][number]
/** The end of a log that is worth repeating here; the whole is one command away. */
const mostLogLines = 3
/** A hundred machines that wait for the same thing are told once. */
const mostSteps = 10

export function explanationLines(explanation: Explanation, now: number, paint: Paint): string[] {
  const { waiting, problems, next } = explanation
  const lines = [tame(explanation.summary)]
  for (const step of waiting.slice(0, mostSteps)) lines.push(...stepLines(explanation.name, step, now, paint))
  if (waiting.length > mostSteps) lines.push(`  and ${waiting.length - mostSteps} more steps`)
  for (const problem of problems) {
    const since = duration(now - Date.parse(problem.since))
    lines.push(`  ${paint('bad', problem.code)}  ${problem.subject}: ${tame(problem.detail)}  (since ${since})`)
    if (problem.resolutions.length > 0) lines.push(`      it can be resolved by: ${problem.resolutions.join(', ')}`)
  }
  // What a step above says of its next try is not said twice.
  const more = next.filter((sentence) => !waiting.some((step) => sentence.startsWith(step.step)))
  return [...lines, ...more.map((sentence) => `  ${tame(sentence)}`)]
}

/** `in 20 s`, or `now` where the time has come. */
function untilText(ms: number): string {
  return ms < 1000 ? 'now' : `in ${duration(ms)}`
}

function stepLines(platform: string, step: Waiting, now: number, paint: Paint): string[] {
  const tone = step.state === 'blocked' ? 'bad' : 'busy'
  const tries = step.attempt > 0 ? `  attempt ${step.attempt} of ${step.maxAttempts}` : ''
  const since = step.since ? `  for ${clock(now - Date.parse(step.since))}` : ''
  const lines = [`  ${paint('strong', step.step)}  ${paint(tone, step.state)}${since}${tries}`]
  const why = step.problem?.detail ?? step.reason
  if (why) lines.push(`      ${tame(why)}`)
  const member = step.member?.split('@')[0] ?? ''
  const name = step.step.split('/').at(-1) ?? ''
  for (const line of step.lastLines.slice(-mostLogLines)) lines.push(paint('quiet', `      | ${tame(line)}`))
  if (step.lastLines.length > 0)
    lines.push(paint('quiet', `      (gantry logs ${[platform, member, name].filter(Boolean).join(' ')})`))
  if (step.waitsFor.length > 0)
    lines.push(`      waits for ${step.waitsFor.slice(0, 4).join(', ')}${step.waitsFor.length > 4 ? ', ...' : ''}`)
  if (step.nextAt)
    lines.push(
      `      next try ${untilText(Date.parse(step.nextAt) - now)}${step.deadlineAt ? `; gives up at ${timeOfDay(step.deadlineAt)} and asks for a person` : ''}`,
    )
  if (step.problem?.next) lines.push(`      ${tame(step.problem.next)}`)
  return lines
}
