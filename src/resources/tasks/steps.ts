// What is to be done, from the plan, beside what is remembered of doing it. Minted (fresh) steps are not shown: they
// are part of the steps that use them.

import type { Plan, PlanStep } from '../../blueprints/index.ts'
import { loadPlatform, type PlatformView, planOf, type RecordView } from '../../engine/index.ts'
import { instant } from '../../http/schema.ts'
import type { PlatformId } from '../../kernel/ids.ts'
import type { Problem } from '../../kernel/problem.ts'
import type { Rooms } from '../rooms.ts'
import { lastLines } from './log-tail.ts'
import type { Step } from './schemas.ts'

export interface Followed {
  readonly view: PlatformView
  readonly plan: Plan
  readonly steps: readonly Step[]
}

/** The platform as a person follows it; undefined once it is deleted, because then nothing is remembered of its steps. */
export async function followPlatform(rooms: Rooms, id: PlatformId): Promise<Followed | undefined> {
  const db = rooms.store.read
  const view = await loadPlatform(db, rooms.blueprints, id)
  if (!view) return undefined
  const plan = planOf(view)
  const lines = await lastLines(
    db,
    [...view.inFlight.values()].map((attempt) => attempt.id),
    1,
  )
  const now = rooms.seams.clock.now()
  const steps = plan.steps
    .filter((step) => step.mode !== 'fresh')
    .map((step) => {
      const attempt = view.inFlight.get(step.key)
      const tail = attempt ? lines.get(attempt.id)?.at(-1) : undefined
      return stepView(step, view.records.get(step.key), tail ?? null, now)
    })
  return { view, plan, steps }
}

/** A step beside what is remembered of it. */
export function stepView(step: PlanStep, kept: RecordView | undefined, lastLine: string | null, now: number): Step {
  // A machine to be taken away has the record of its making, until its unmaking begins; once gone it has no step.
  const making = step.kind === 'machine' && step.want === 'absent' && kept?.status === 'done'
  const record = making ? undefined : kept
  const state = stateOf(record)
  const started = record?.startedAt ?? null
  const finished = state === 'done' ? (record?.finishedAt ?? null) : null
  return {
    key: step.key,
    name: stepName(step.key),
    kind: step.kind,
    want: step.want,
    mode: step.mode,
    member: step.member,
    state,
    reason: state === 'done' ? null : (record?.suspect ?? record?.reason ?? null),
    attempt: record?.attempts ?? 0,
    lastLine,
    problem: record?.problem && state !== 'done' ? problemView(record.problem) : null,
    startedAt: instant(started),
    finishedAt: instant(finished),
    seconds: started === null ? null : Math.max(0, (finished ?? now) - started) / 1000,
    nextAt: state === 'waiting' || state === 'blocked' ? instant(record?.nextAt ?? null) : null,
    deadlineAt: state === 'done' ? null : instant(record?.deadlineAt ?? null),
  }
}

function stateOf(record: RecordView | undefined): Step['state'] {
  if (!record || record.status === 'idle') return 'pending'
  if (record.status === 'done' && record.suspect !== null) return 'pending'
  return record.status
}

/** `join` of `script/worker-1@1/join`, `machine` of `machine/worker-1@1`, `smoke` of `op/<task>/worker-1@1/smoke`. */
export function stepName(key: string): string {
  const [kind = '', second = '', third] = key.split('/')
  if (kind === 'script') return third ?? second
  if (kind === 'op') return key.split('/').at(-1) ?? key
  if (kind === 'gate' || kind === 'fresh') return second
  return kind
}

/** A problem as it is shown inside an object. */
export function problemView(problem: Problem) {
  const { code, detail, facts, next } = problem
  return {
    code,
    detail,
    ...(facts ? { facts: JSON.parse(JSON.stringify(facts)) } : {}),
    ...(next === undefined ? {} : { next }),
  }
}
