import { leaveKey, machineKey } from './keys.ts'
import { durationMs } from './language/primitives.ts'
import { parseSelection } from './language/selection.ts'
import type { LeaveSpec } from './language/step.ts'
import type { Views } from './mixed.ts'
import { stepsNamed } from './needs.ts'
import type { MachineStep, MemberRef, Need, PlanMember, ScriptStep } from './plan-types.ts'
import { scriptInput } from './values.ts'
import { presentOf, type View, type ViewStep } from './view.ts'

// Removal is planned like everything else: leave on another member, then the machine's end. Members that vote leave
// one after the other, since two votes lost at once can be one too many.

/** The steps of all leaving members. */
export function leavingSteps(views: Views): (ScriptStep | MachineStep)[] {
  const steps: (ScriptStep | MachineStep)[] = []
  const lastOfQuorum = new Map<string, MemberRef>()
  for (const member of views.members) {
    if (member.state !== 'leaving') continue
    const view = views.of(member)
    const previous = votes(view, member) ? lastOfQuorum.get(member.group) : undefined
    const after = previous === undefined ? [] : [needOf(machineKey(previous))]
    const leave = leaveStep(view, member, after)
    if (leave === null) {
      steps.push(absentMachine(member.ref, after))
    } else {
      steps.push(leave, absentMachine(member.ref, [needOf(leave.key)]))
    }
    lastOfQuorum.set(member.group, member.ref)
  }
  return steps
}

/** All machines absent; leave only where it undoes something outside the platform, before any executor is removed. */
export function absentSteps(views: Views): (ScriptStep | MachineStep)[] {
  const leaves: ScriptStep[] = []
  for (const member of views.members) {
    const view = views.of(member)
    if (view.blueprint.document.leave?.[member.group]?.external !== true) continue
    const leave = leaveStep(view, member, [])
    if (leave !== null) leaves.push(leave)
  }
  const all: Need[] = leaves.length > 0 ? [{ quantifier: 'all', steps: leaves.map((leave) => leave.key) }] : []
  return [...leaves, ...views.members.map((member) => absentMachine(member.ref, all))]
}

/** Whether members of its group are replaced one at a time, the old one gone first. */
export function votes(view: View, member: PlanMember): boolean {
  return view.blueprint.document.groups[member.group]?.quorum === true
}

/** Met when one step is clean. */
export function needOf(key: string): Need {
  return { quantifier: 'all', steps: [key] }
}

/**
 * Null when the group declares none, when the member cannot have become part of anything yet (founding, which its
 * steps wait for, is not done), or when nobody is left to run it on. Where a member of before founds anew, it waits for that.
 */
function leaveStep(view: View, subject: PlanMember, after: readonly Need[]): ScriptStep | null {
  const spec = view.blueprint.document.leave?.[subject.group]
  if (spec === undefined) return null
  const founding = foundingsOf(view, subject.group)
  const isFounded = founding.length === 0 || founding.some((step) => view.founded.has(step.keyFor(null)))
  const anew = isFounded ? [] : founding
  if (!anew.every((step) => foundsAnew(view, step))) return null
  if (!inputsExist(view, spec, anew)) return null
  const on = parseSelection(spec.on)
  if (on.kind !== 'anyHealthy') throw new Error(`leave runs on any-healthy, not ${spec.on}`)
  const except = [subject.ref, ...waitingFor(view, subject)]
  if (presentOf(view, on.group).every((candidate) => except.includes(candidate.ref))) return null
  return {
    key: leaveKey(subject.ref),
    want: 'present',
    mode: 'each',
    kind: 'script',
    member: subject.ref,
    subject: subject.ref,
    on: { kind: 'anyHealthy', group: on.group, except },
    needs: [...after, ...anew.map((step) => needOf(step.keyFor(null)))],
    deadlineMs: durationMs(spec.deadline ?? '10m'),
    maxAttempts: spec.attempts ?? 10,
    onLost: 'rerun',
    onTimeout: spec.onTimeout ?? 'block',
    input: scriptInput(view, `leave ${subject.group}`, spec, null),
    ...goingAway(spec),
  }
}

/** What leave and drain have beyond other scripts. */
export function goingAway(spec: Pick<LeaveSpec, 'notice' | 'dynamic'>): Pick<ScriptStep, 'noticeMs' | 'dynamic'> {
  return {
    ...(spec.notice !== undefined && { noticeMs: durationMs(spec.notice) }),
    ...(spec.dynamic && { dynamic: spec.dynamic }),
  }
}

/** Members that join only after the subject is gone, so it cannot leave on them: they follow it, or one that leaves later. */
function waitingFor(view: View, subject: PlanMember): MemberRef[] {
  if (!votes(view, subject)) return []
  const later = new Set<string>([subject.name])
  let passed = false
  for (const member of view.members) {
    if (member.ref === subject.ref) passed = true
    else if (passed && member.group === subject.group && member.state === 'leaving') later.add(member.name)
  }
  const others = presentOf(view, subject.group).filter((member) => member.ref !== subject.ref)
  return others.filter(({ name, state }) => state === 'joining' && later.has(name)).map((member) => member.ref)
}

/** The foundings that steps of the group wait for. */
function foundingsOf(view: View, group: string): ViewStep[] {
  const found = new Set<ViewStep>()
  for (const step of view.steps.values()) {
    if (step.on.kind !== 'each' || !step.active) continue
    if (step.on.groups === null || step.on.groups.includes(group)) onceBelow(view, step, found)
  }
  return [...found]
}

function onceBelow(view: View, step: ViewStep, into: Set<ViewStep>): void {
  for (const need of step.spec.needs ?? []) {
    const needed = view.steps.get(typeof need === 'string' ? need : need.step)
    if (needed?.mode === 'once' && needed.active) into.add(needed)
    else if (needed !== undefined) onceBelow(view, needed, into)
  }
}

/**
 * Whether what is being founded goes on with what was: its founder was a member before, so who was one too is known to it
 * and has to leave. A founder that is only joining knows nobody.
 */
function foundsAnew(view: View, { on }: ViewStep): boolean {
  if (on.kind !== 'founder') return false
  const founder = presentOf(view, on.group).find(({ ref }) => ref === view.founders[on.group])
  return founder !== undefined && founder.state !== 'joining'
}

/** Whether what its script is given is there, or is when these foundings are done. */
function inputsExist(view: View, spec: LeaveSpec, awaited: readonly ViewStep[]): boolean {
  return stepsNamed(view, spec, null).every((name) => {
    const step = view.steps.get(name)
    return step?.mode !== 'once' || view.founded.has(step.keyFor(null)) || awaited.includes(step)
  })
}

function absentMachine(member: MemberRef, needs: readonly Need[]): MachineStep {
  return {
    key: machineKey(member),
    want: 'absent',
    mode: 'each',
    kind: 'machine',
    member,
    needs,
    deadlineMs: durationMs('30m'),
    maxAttempts: 20,
    input: { member },
  }
}
