// From what is wanted to what is due: the pure plan, and the schedule over what is remembered.

import { type Plan, type PlanMember, type PlanStep, planWishes } from '../blueprints/index.ts'
import { operationSteps } from './operations.ts'
import { withPower, withRestarts } from './power-steps.ts'
import { buildSchedule, type Schedule } from './schedule.ts'
import { isClean } from './state.ts'
import type { Targets } from './targets.ts'
import type { MemberView, PlatformView } from './view.ts'

export function planOf(view: PlatformView): Plan {
  const planned = planWishes(view.wish, view.older, {
    want: view.want,
    members: [...view.members.values()].flatMap(planMember),
    founders: view.founders,
    foundings: view.foundings,
    founded: new Set(
      [...view.records.values()].filter((r) => r.mode === 'once' && r.achieved !== null).map((r) => r.key),
    ),
  })
  const powered = view.hibernation === null ? planned : withPower(view, view.hibernation, planned)
  return withRestarts(view, powered)
}

function planMember(member: MemberView): PlanMember[] {
  const { ref, name, group, ordinal, incarnation, revision, state, warmUntil } = member
  if (state !== 'joining' && state !== 'in' && state !== 'changing' && state !== 'leaving') return []
  return [{ ref, name, group, ordinal, incarnation, revision, state, ...(warmUntil !== null && { warm: true }) }]
}

/** What must hold, and what operations do beside it. */
export function allSteps(view: PlatformView, planned: Plan): readonly PlanStep[] {
  return view.operations.length === 0 ? planned.steps : [...planned.steps, ...operationSteps(view)]
}

export function scheduleOf(view: PlatformView, planned: Plan, targets: Targets): Schedule {
  return buildSchedule(allSteps(view, planned), (step) => isClean(view.records.get(step.key), step, targets.of(step)))
}

/** Keys remembered that no plan mentions and nothing uses: to be forgotten. Once records stay with the platform. */
export function unmentioned(view: PlatformView, planned: Plan): string[] {
  const mentioned = new Set(allSteps(view, planned).map((step) => step.key))
  const keys: string[] = []
  for (const record of view.records.values()) {
    if (record.mode === 'once' || mentioned.has(record.key) || view.inFlight.has(record.key)) continue
    const user = record.mode === 'fresh' ? record.key.split('/for/')[1] : undefined
    if (user !== undefined && mentioned.has(user)) continue
    keys.push(record.key)
  }
  return keys
}
