// Stopping and starting as steps beside the plan: its machines are as the plan made them, and it stays as it is. Who votes
// is stopped last and started first, so that the others find whom they belong to when they come up.

import {
  groupsOf,
  inOrder,
  type MemberRef,
  type Need,
  type Plan,
  type PlanStep,
  type PowerStep,
  powerKey,
  restartKey,
  sshKey,
} from '../blueprints/index.ts'
import type { HibernationView, MemberView, PlatformView } from './view.ts'

/** A machine that does not shut down is switched off meanwhile (steps/power.ts). */
const deadlineMs = 600_000

type Viewed = Pick<PlatformView, 'blueprint' | 'parameters' | 'members'>

/** The plan with these steps; while it wakes, whatever is done on a machine waits until that runs. */
export function withPower(view: Viewed, hibernation: HibernationView, plan: Plan): Plan {
  const power = powerSteps(view, hibernation)
  if (hibernation.power === 'off') return { ...plan, steps: [...plan.steps, ...inOrder(power)] }
  return before(plan, power)
}

/** The plan with what a person had started anew; whatever is done on such a machine waits until it runs. */
export function withRestarts(view: Pick<PlatformView, 'members' | 'restarts'>, plan: Plan): Plan {
  if (view.restarts.size === 0) return plan
  const steps = [...view.restarts].flatMap(([ref, number]): PowerStep[] => {
    const member = view.members.get(ref)
    if (!member || member.state === 'leaving') return []
    // By its key alone, so that an upgrade of Gantry starts nothing anew.
    return [{ ...stepOf(member, 'restart', []), key: restartKey(ref, number), mode: 'once' }]
  })
  return steps.length === 0 ? plan : before(plan, steps)
}

function before(plan: Plan, power: readonly PowerStep[]): Plan {
  const started = new Map(power.map((step) => [step.input.member, step.key]))
  const steps = plan.steps.map((step): PlanStep => {
    if (step.kind !== 'machine' || step.want !== 'present') return step
    const key = started.get(step.input.member)
    return key === undefined ? step : { ...step, needs: [...step.needs, { quantifier: 'all', steps: [key] }] }
  })
  return { ...plan, steps: inOrder([...power, ...steps]) }
}

/** Members in the order in which their machines would be stopped. */
export function stoppingOrder(view: Viewed): MemberRef[] {
  return inOrder(powerSteps(view, { power: 'off', members: [...view.members.keys()] })).map((step) => step.input.member)
}

/** Members in the order in which their machines would be started: who votes, and then the others. */
export function startingOrder(view: Viewed, { members }: Pick<HibernationView, 'members'>): MemberRef[] {
  const stopping = inOrder(powerSteps(view, { power: 'off', members }))
  return stopping.map((step) => step.input.member).reverse()
}

function powerSteps(view: Viewed, { power, members }: Pick<HibernationView, 'power' | 'members'>): PowerStep[] {
  const quorums = new Set(
    groupsOf(view.blueprint, view.parameters).flatMap((group) => (group.quorum ? [group.name] : [])),
  )
  const there = members.flatMap((ref) => view.members.get(ref) ?? []).filter((member) => member.state !== 'leaving')
  const voters = there.filter((member) => quorums.has(member.group))
  const others = there.filter((member) => !quorums.has(member.group))
  const first: Need[] = power === 'off' ? [] : votersAnswer(voters)
  const last: Need[] = power === 'off' ? [{ quantifier: 'all', steps: others.map(({ ref }) => powerKey(ref)) }] : []
  return [
    ...others.map((member) => stepOf(member, power, first)),
    ...voters.map((member) => stepOf(member, power, last)),
  ]
}

/** A majority of each group that votes: one of them that does not come back is replaced meanwhile. */
function votersAnswer(voters: readonly MemberView[]): Need[] {
  const groups = Map.groupBy(voters, (member) => member.group)
  return [...groups.values()].map((group) => ({ quantifier: 'quorum', steps: group.map(({ ref }) => sshKey(ref)) }))
}

function stepOf({ ref }: MemberView, to: PowerStep['input']['to'], needs: readonly Need[]): PowerStep {
  const key = powerKey(ref)
  return {
    key,
    want: 'present',
    mode: 'each',
    kind: 'power',
    member: ref,
    needs,
    deadlineMs,
    maxAttempts: 20,
    input: { member: ref, to },
  }
}
