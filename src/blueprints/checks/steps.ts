import { parseQuantified } from '../language/selection.ts'
import type { NeedSpec } from '../language/step.ts'
import type { Path } from '../source.ts'
import { suggest } from '../suggest.ts'
import type { CheckedStep, Desk } from './desk.ts'
import { mustBeGroup } from './names.ts'

// Steps whose parts contradict each other, and needs that could never be met.

export function checkSteps(desk: Desk): void {
  for (const step of desk.steps.values()) {
    checkForm(desk, step)
    for (const [index, need] of (step.spec.needs ?? []).entries()) {
      checkNeed(desk, step, ['steps', step.name, 'needs', index], need)
    }
  }
}

function checkForm(desk: Desk, { name, spec, on, mode }: CheckedStep): void {
  const path: Path = ['steps', name]
  if (spec.once && spec.fresh)
    desk.report([...path, 'fresh'], 'A step cannot be once and fresh.', 'Keep the one that is meant.', 'key')
  if (on.kind === 'each' && mode !== 'each') {
    desk.report(
      [...path, mode],
      `A ${mode} step runs on one member.`,
      'Write on: any-healthy(<group>), or founder(<group>).',
      'key',
    )
  }
  if (on.kind === 'founder' && mode !== 'once') {
    desk.report([...path, 'on'], 'Founding happens once.', 'Add once: true, or run it on each or any-healthy.')
  }
  if (on.kind === 'anyHealthy' && mode === 'each') {
    desk.report([...path, 'on'], 'A step on any-healthy is once or fresh.', 'Add once: true or fresh: true.')
  }
  if (spec.except !== undefined && on.kind !== 'each') {
    desk.report([...path, 'except'], 'Only a step on each can leave the founder out.', 'Take except away.', 'key')
  }
  if (spec.except !== undefined && !founds(desk)) {
    desk.report(
      [...path, 'except'],
      'Nothing founds this platform.',
      'Add a step on founder(<group>), or drop except.',
      'key',
    )
  }
  if (spec.verify !== undefined && mode !== 'each')
    desk.report([...path, 'verify'], 'Only a step on each can be verified.', 'Take verify away.', 'key')
  if (spec.every !== undefined && spec.verify === undefined)
    desk.report([...path, 'every'], 'There is nothing to do every so often.', 'Add verify, or take every away.', 'key')
  if (mode === 'fresh' && spec.with !== undefined) {
    desk.report([...path, 'with'], 'A fresh step is not compared with its last run.', 'Write using.', 'key')
  }
  if (mode === 'fresh' && Object.keys(spec.outputs ?? {}).length === 0) {
    desk.report(
      path,
      'A fresh step without outputs would never run.',
      'It runs when the using of another step names its output.',
      'key',
    )
  }
}

function founds(desk: Desk): boolean {
  return [...desk.steps.values()].some((step) => step.on.kind === 'founder')
}

function checkNeed(desk: Desk, step: CheckedStep, path: Path, need: NeedSpec): void {
  const name = typeof need === 'string' ? need : need.step
  const needed = desk.steps.get(name)
  if (needed === undefined) {
    desk.report(path, `There is no step ${name}.`, suggest(name, desk.steps.keys()))
    return
  }
  if (needed.mode === 'fresh') {
    const hint = `Name its output in using; ${name} then runs just before ${step.name}.`
    desk.report(path, `${name} is fresh: it is never done, so nothing can wait for it.`, hint)
    return
  }
  if (typeof need !== 'string') checkGroupNeed(desk, path, needed, need)
  else if (needed.mode === 'each') checkOwnNeed(desk, step, path, needed)
}

function checkGroupNeed(desk: Desk, path: Path, needed: CheckedStep, need: Exclude<NeedSpec, string>): void {
  const { quantifier, group } = parseQuantified(need.of)
  if (!mustBeGroup(desk, [...path, 'of'], group)) return
  if (needed.mode === 'once') {
    desk.report(path, `${needed.name} runs once, not on each of ${group}.`, `Write needs: [${needed.name}].`)
    return
  }
  if (!runsIn(needed, group))
    desk.report(path, `${needed.name} does not run on ${group}.`, `Name a group that ${needed.name} runs on.`)
  if (quantifier === 'quorum' && desk.document.groups[group]?.quorum !== true) {
    desk.report(
      [...path, 'of'],
      `Members of ${group} do not vote.`,
      `Add quorum: true to the group, or write all(${group}) or any(${group}).`,
    )
  }
}

/** A need without `of` is of the same member, so both must run there. */
function checkOwnNeed(desk: Desk, step: CheckedStep, path: Path, needed: CheckedStep): void {
  const hint = `Say of whom: { step: ${needed.name}, of: all(<group>) }.`
  if (step.on.kind === 'anyHealthy') {
    desk.report(path, `${step.name} runs on a member that is chosen late; ${needed.name} is of one member.`, hint)
    return
  }
  const groups = step.on.kind === 'founder' ? [step.on.group] : (step.on.groups ?? desk.groups)
  const lacking = groups.filter((group) => !runsIn(needed, group))
  if (lacking.length > 0) desk.report(path, `${needed.name} does not run on ${lacking.join(', ')}.`, hint)
}

/** Whether an each step runs on members of the group. */
export function runsIn(step: CheckedStep, group: string): boolean {
  return step.on.kind === 'each' && (step.on.groups === null || step.on.groups.includes(group))
}
