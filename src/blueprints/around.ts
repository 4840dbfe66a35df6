import { drainKey, returnKey } from './keys.ts'
import { durationMs } from './language/primitives.ts'
import { parseSelection } from './language/selection.ts'
import type { AroundSpec } from './language/step.ts'
import { goingAway, needOf } from './leaving.ts'
import type { Need, PlanMember, ScriptStep } from './plan-types.ts'
import { scriptInput } from './values.ts'
import { presentOf, type View } from './view.ts'

// A member that is changed in place is drained first and returns at the end. Both run on another member, and their keys
// name no wish: who is drained and then asked for something else again is still drained.

/** The member's own steps with drain before and return after them, where its group declares them; who is kept warm stays drained. */
export function aroundChange(view: View, member: PlanMember, own: readonly ScriptStep[]): ScriptStep[] {
  const { drain, return: back } = view.blueprint.document
  const before = aroundStep(view, member, 'drain', drain?.[member.group], [])
  const needs: Need[] = before === null ? [] : [needOf(before.key)]
  const changed = own.map((step) => ({ ...step, needs: [...step.needs, ...needs] }))
  const done: Need[] = changed.length === 0 ? needs : [{ quantifier: 'all', steps: changed.map((step) => step.key) }]
  const after = member.warm ? null : aroundStep(view, member, 'return', back?.[member.group], done)
  return [...(before === null ? [] : [before]), ...changed, ...(after === null ? [] : [after])]
}

/** Null when the group declares none, or when nobody else is there to run it on. */
function aroundStep(
  view: View,
  member: PlanMember,
  part: 'drain' | 'return',
  spec: AroundSpec | undefined,
  needs: readonly Need[],
): ScriptStep | null {
  if (spec === undefined) return null
  const on = parseSelection(spec.on)
  if (on.kind !== 'anyHealthy') throw new Error(`${part} runs on any-healthy, not ${spec.on}`)
  if (presentOf(view, on.group).every((candidate) => candidate.ref === member.ref)) return null
  return {
    key: part === 'drain' ? drainKey(member.ref) : returnKey(member.ref),
    want: 'present',
    mode: 'each',
    kind: 'script',
    member: member.ref,
    subject: member.ref,
    on: { kind: 'anyHealthy', group: on.group, except: [member.ref] },
    needs,
    deadlineMs: durationMs(spec.deadline ?? '10m'),
    maxAttempts: spec.attempts ?? 10,
    onLost: 'rerun',
    onTimeout: spec.onTimeout ?? 'block',
    input: scriptInput(view, `${part} ${member.group}`, spec, null),
    ...goingAway(spec),
  }
}
