// Why is it not ready, since when, what is tried next, who can act: from the plan and what is remembered, nothing else.

import type { Scope } from '../../access/index.ts'
import type { PlanStep } from '../../blueprints/index.ts'
import { isStill } from '../../engine/index.ts'
import { instant } from '../../http/schema.ts'
import type { PlatformId } from '../../kernel/ids.ts'
import type { Db } from '../../store/index.ts'
import type { Rooms } from '../rooms.ts'
import { followPlatform, lastLines, type Step } from '../tasks/index.ts'
import type { Explanation } from './schemas.ts'
import { getPlatform, openProblems, type PlatformRow } from './store.ts'
import { namedProblems } from './view.ts'
import { weatherOver } from './weather.ts'

const shownLines = 5
const shownSteps = 50

/** Throws not_found. */
export async function explainPlatform(rooms: Rooms, scope: Scope, id: PlatformId): Promise<Explanation> {
  const db = rooms.store.read
  const row = await getPlatform(db, scope, id)
  const followed = await followPlatform(rooms, id)
  const steps = followed?.steps ?? []
  const done = new Set(steps.filter((step) => step.state === 'done').map((step) => step.key))
  const planned = new Map((followed?.plan.steps ?? []).map((step) => [step.key, step]))
  const open = steps
    .filter((step) => step.state !== 'done')
    .map((step) => ({ step, waitsFor: unmet(planned.get(step.key), done) }))
    // A step that waits for others explains nothing by itself; unless something went wrong with it.
    .filter(({ step, waitsFor }) => waitsFor.length === 0 || step.state === 'blocked' || step.problem !== null)
    .sort((a, b) => urgency(a.step) - urgency(b.step))
    .slice(0, shownSteps)
  const tails = await tailsOf(
    rooms,
    id,
    open.map(({ step }) => step.key),
  )
  const waiting = open.map(({ step, waitsFor }) => ({
    step: step.key,
    member: step.member,
    state: step.state === 'done' ? ('pending' as const) : step.state,
    since: step.startedAt,
    attempt: step.attempt,
    maxAttempts: planned.get(step.key)?.maxAttempts ?? 0,
    reason: step.reason,
    problem: step.problem,
    lastLines: tails.get(step.key) ?? [],
    nextAt: step.nextAt,
    deadlineAt: step.deadlineAt,
    waitsFor,
  }))
  const problems = await namedProblems(db, await openProblems(db, id))
  const alone = await runsAlone(db, id)
  const weather = await weatherOver(rooms, id)
  const next = nextOf(
    row,
    open.map(({ step }) => step),
    problems,
  )
  return {
    platform: row.id,
    name: row.name,
    state: row.state,
    since: instant(row.state_since),
    summary: summaryOf(row, steps, rooms.seams.clock.now()),
    progress: { done: done.size, total: steps.length },
    waiting,
    problems,
    weather,
    next: [
      ...(await onlyReports(db)),
      ...(alone === null ? [] : [alone]),
      ...(open.length === 0 ? [] : weather).map(
        ({ name, reason }) => `It waits for the weather: ${reason}.  gantry provider weather ${name}`,
      ),
      ...next,
    ],
  }
}

/** After a restore nothing goes on, whatever else there is. */
async function onlyReports(db: Db): Promise<string[]> {
  const { report_only } = await db.selectFrom('installation').select('report_only').executeTakeFirstOrThrow()
  if (report_only === 0) return []
  return ['Gantry was restored from a backup and waits until its report is accepted:  gantry restore report']
}

/** Repair and change stand still while an exclusive operation runs. */
async function runsAlone(db: Db, id: PlatformId): Promise<string | null> {
  const row = await db
    .selectFrom('operations')
    .innerJoin('tasks', 'tasks.id', 'operations.task_id')
    .select(['task_id', 'tasks.operation'])
    .where('operations.platform_id', '=', id)
    .where('operations.mode', '=', 'exclusive')
    .where('tasks.state', '=', 'running')
    .executeTakeFirst()
  if (!row) return null
  return `Operation ${row.operation} runs alone; repair and change wait for it:  gantry task watch ${row.task_id}`
}

function unmet(step: PlanStep | undefined, done: ReadonlySet<string>): string[] {
  return (step?.needs ?? []).flatMap((need) => {
    const missing = need.steps.filter((key) => !done.has(key))
    const required = { all: need.steps.length, any: 1, quorum: Math.floor(need.steps.length / 2) + 1 }[need.quantifier]
    return need.steps.length - missing.length >= required ? [] : missing
  })
}

function urgency(step: Step): number {
  return { blocked: 0, waiting: step.problem ? 1 : 2, running: 3, pending: 4, done: 5 }[step.state]
}

function summaryOf(row: PlatformRow, steps: readonly Step[], now: number): string {
  const left = steps.filter((step) => step.state !== 'done').length
  const since = duration(now - row.state_since)
  if (row.state === 'deleted') return `${row.name} is deleted.`
  if (left === 0) return `${row.name} is ${row.state} since ${since}; nothing is left to do.`
  const why = row.state_reason === null ? '' : ` (${row.state_reason.replace(/\.$/, '')})`
  return `${row.name} is ${row.state} since ${since}${why}; it waits for ${left} of ${steps.length} steps.`
}

function nextOf(row: PlatformRow, open: readonly Step[], problems: Explanation['problems']): string[] {
  if (isStill(row.state)) return heldNext(row, open)
  if (row.state === 'hibernated') return [`Start its machines again:  gantry platform wake ${row.name}`]
  const next = open.flatMap((step) => {
    if (step.state === 'blocked') return [`${step.key}: ${step.problem?.next ?? 'a person must look at it'}`]
    if (step.state === 'waiting' && step.problem && step.nextAt)
      return [`${step.key} is tried again at ${step.nextAt}.`]
    return []
  })
  const chosen = problems.map((problem) => `${problem.subject}: ${problem.resolutions.join(' or ')}.`)
  // What is blocked is tried slowly by itself; whoever mended its cause need not wait for that.
  const blocked = open.some((step) => step.state === 'blocked')
  const command = `gantry platform retry ${row.name}`
  const unsaid = !next.some((sentence) => sentence.includes(command))
  const retry = unsaid && (blocked || problems.length > 0) ? [`Once that is mended, try it at once:  ${command}`] : []
  if (next.length + chosen.length > 0) return [...[...new Set([...next, ...chosen])].slice(0, 20), ...retry]
  return open.length === 0 || row.state === 'deleted' ? [] : ['It goes on by itself.']
}

function heldNext(row: PlatformRow, open: readonly Step[]): string[] {
  const ending = open.filter((step) => step.state === 'running').length
  const still = `${ending} ${ending === 1 ? 'attempt' : 'attempts'} begun before are still ending; nothing new begins.`
  return [
    ...(ending > 0 ? [still] : []),
    `Go on:  gantry platform resume ${row.name}`,
    `Or take it away:  gantry platform delete ${row.name}`,
  ]
}

/** The end of the last attempt's log of each step. */
async function tailsOf(rooms: Rooms, platform: PlatformId, keys: readonly string[]): Promise<Map<string, string[]>> {
  if (keys.length === 0) return new Map()
  const rows = await rooms.store.read
    .selectFrom('attempts')
    .select(['id', 'step_key'])
    .where('platform_id', '=', platform)
    .where('step_key', 'in', keys)
    .orderBy('started_at')
    .orderBy('number')
    .execute()
  const last = new Map(rows.map((row) => [row.step_key, row.id]))
  const lines = await lastLines(rooms.store.read, [...last.values()], shownLines)
  return new Map([...last].map(([key, attempt]) => [key, lines.get(attempt) ?? []]))
}

function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`
}
