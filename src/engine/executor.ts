// Whom a platform-level step runs on. Chosen when it runs, never planned: who is healthy changes by the second.

import { executorsOf, type MemberRef, type PlanStep } from '../blueprints/index.ts'
import { type RunState, recordOf } from './state.ts'
import type { MemberView } from './view.ts'

/** The member this step runs on now; null when nobody is fit. After a failure the next one is taken. */
export function chooseExecutor(run: RunState, step: PlanStep): MemberRef | null {
  if (step.kind !== 'script' && step.kind !== 'gate') return step.input.member
  if (step.on.kind === 'member') return step.on.member
  const fit = executorsOf(run.plan, step.on).filter(
    (candidate) =>
      memberAnswers(run.view.members.get(candidate.member)) &&
      !run.view.abandoned.has(candidate.member) &&
      candidate.steps.every((key) => (run.view.records.get(key)?.achieved ?? null) !== null),
  )
  return fit[recordOf(run, step).attempts % Math.max(1, fit.length)]?.member ?? null
}

/** Whether we believe that the machine answers SSH. */
export function memberAnswers(member: MemberView | undefined): boolean {
  if (!member || member.machine.missing) return false
  switch (member.machine.state) {
    case 'bootstrapping':
    case 'ready':
      return true
    case 'replacing':
      return member.machine.endpoints.length > 0
    case 'planned':
    case 'creating':
    case 'booting':
    case 'unhealthy':
    case 'stopped':
    case 'deleting':
    case 'deleted':
    case 'lost':
      return false
    default:
      return member.machine.state satisfies never
  }
}
