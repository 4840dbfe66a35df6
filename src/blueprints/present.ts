import { aroundChange } from './around.ts'
import { eachKey, freshKey, gateKey, machineKey, sshKey } from './keys.ts'
import { durationMs } from './language/primitives.ts'
import { parseSelection } from './language/selection.ts'
import { needOf, votes } from './leaving.ts'
import type { Views } from './mixed.ts'
import { needsOf } from './needs.ts'
import type {
  Executor,
  GateStep,
  MachineStep,
  MemberRef,
  Need,
  PlanMember,
  PlanStep,
  ScriptStep,
  SshStep,
} from './plan-types.ts'
import { type Owner, scriptInput } from './values.ts'
import { presentOf, runsOn, type View, type ViewStep } from './view.ts'

// The steps that build members and hold them as they should be, and the gate behind them.

/** Machine, SSH and scripts of every member that is not leaving. */
export function memberSteps(views: Views): PlanStep[] {
  const steps: PlanStep[] = []
  const each = new Map(
    [views.target, ...views.older].map((view) => [
      view,
      [...view.steps.values()].filter(({ mode }) => mode === 'each'),
    ]),
  )
  const leaving = new Map(views.members.filter((member) => member.state === 'leaving').map((old) => [old.name, old]))
  for (const member of views.members) {
    if (member.state === 'leaving') continue
    const view = views.of(member)
    steps.push(machineStep(view, member, leaving.get(member.name)), sshStep(member))
    const own: ScriptStep[] = []
    for (const step of each.get(view) ?? []) if (runsOn(view, step, member)) own.push(eachStep(view, step, member))
    steps.push(...(member.state === 'changing' ? aroundChange(view, member, own) : own))
  }
  return steps
}

/** Once and fresh steps. A once step that is done stays in the plan, though its founder may be gone. */
export function platformSteps(view: View): ScriptStep[] {
  const steps: ScriptStep[] = []
  for (const step of view.steps.values()) {
    if (!step.active) continue
    if (step.mode === 'once') steps.push(onceStep(view, step))
    else if (step.mode === 'fresh') steps.push(freshStep(view, step))
  }
  return steps
}

/** What holds the platform back from being ready until its own health check says so; null if it has none. */
export function gateStep({ target: view, members }: Views, before: readonly PlanStep[]): GateStep | null {
  const health = view.blueprint.document.health?.platform
  const guards = [...view.presentRefs]
  if (health === undefined || guards.length === 0) return null
  const on = parseSelection(health.on)
  if (on.kind !== 'anyHealthy') throw new Error(`health runs on any-healthy, not ${health.on}`)
  const steps = before.filter((step) => step.want === 'present' && step.mode !== 'fresh').map((step) => step.key)
  return {
    key: gateKey('health', members.filter((member) => view.presentRefs.has(member.ref)).map(markOf)),
    want: 'present',
    mode: 'each',
    kind: 'gate',
    member: null,
    on: { kind: 'anyHealthy', group: on.group, except: [] },
    needs: [{ quantifier: 'all', steps }],
    deadlineMs: durationMs(health.gate?.deadline ?? '5m'),
    maxAttempts: 1000,
    passes: health.gate?.passes ?? 2,
    everyMs: durationMs(health.gate?.every ?? '1s'),
    guards,
    input: scriptInput(view, 'health', health, null),
  }
}

/** What a gate passed for: the machine, and the wish it followed then. */
function markOf({ ref, revision = 1 }: PlanMember): string {
  return revision === 1 ? ref : `${ref}#${revision}`
}

function machineStep(view: View, member: PlanMember, older: PlanMember | undefined): MachineStep {
  return {
    key: machineKey(member.ref),
    want: 'present',
    mode: 'each',
    kind: 'machine',
    member: member.ref,
    needs:
      member.state === 'joining' && older !== undefined && votes(view, member) ? [needOf(machineKey(older.ref))] : [],
    deadlineMs: durationMs('10m'),
    maxAttempts: 5,
    ...(member.warm && { warm: true }),
    input: { member: member.ref },
  }
}

function sshStep(member: PlanMember): SshStep {
  return {
    key: sshKey(member.ref),
    want: 'present',
    mode: 'each',
    kind: 'ssh',
    member: member.ref,
    needs: [needOf(machineKey(member.ref))],
    deadlineMs: durationMs('10m'),
    maxAttempts: 5,
    input: { member: member.ref },
  }
}

function eachStep(view: View, step: ViewStep, member: PlanMember): ScriptStep {
  return {
    ...scriptStep(view, step, { kind: 'member', member: member.ref }, member),
    key: eachKey(member.ref, step.name),
    mode: 'each',
    member: member.ref,
    needs: needsOf(view, step, member),
  }
}

function onceStep(view: View, step: ViewStep): ScriptStep {
  const key = step.keyFor(null)
  const common = { key, mode: 'once', member: null } as const
  if (step.on.kind === 'founder') {
    const { group } = step.on
    const founder = view.founders[group]
    if (founder === undefined) throw new Error(`no founder of ${group} was decided`)
    const member = presentOf(view, group).find((candidate) => candidate.ref === founder) ?? null
    const needs = view.founded.has(key) ? [] : [...needsOf(view, step, member), ...untilGone(view, member, founder)]
    return { ...scriptStep(view, step, { kind: 'member', member: founder }, { ref: founder, group }), ...common, needs }
  }
  const needs = view.founded.has(key) ? [] : needsOf(view, step, null)
  return { ...scriptStep(view, step, anyHealthy(step), null), ...common, needs }
}

/** A founder that leaves before it founded must not found any more: its step waits until it is gone and another is decided. */
function untilGone(view: View, present: PlanMember | null, founder: MemberRef): Need[] {
  if (present !== null || !view.members.some((member) => member.ref === founder)) return []
  return [needOf(machineKey(founder))]
}

function freshStep(view: View, step: ViewStep): ScriptStep {
  const on = anyHealthy(step)
  return {
    ...scriptStep(view, step, on, null),
    key: freshKey(step.name),
    mode: 'fresh',
    member: null,
    needs: needsOf(view, step, null),
  }
}

function anyHealthy(step: ViewStep): Executor {
  if (step.on.kind !== 'anyHealthy') throw new Error(`${step.name} cannot run on ${step.spec.on}`)
  return { kind: 'anyHealthy', group: step.on.group, except: [] }
}

/** What all script steps have in common. */
export function scriptStep(view: View, step: ViewStep, on: Executor, owner: Owner) {
  return {
    want: 'present',
    kind: 'script',
    on,
    subject: null,
    deadlineMs: durationMs(step.spec.deadline ?? '15m'),
    maxAttempts: step.spec.attempts ?? 5,
    onLost: step.spec.onLost ?? 'rerun',
    onTimeout: 'block',
    input: scriptInput(view, `step ${step.name}`, step.spec, owner),
  } as const
}
