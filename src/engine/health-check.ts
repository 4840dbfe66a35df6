// The platform's own check, ready to be asked again and again outside a run: whom, what, and with which input.

import { builtinEnvironment, executorsOf } from '../blueprints/index.ts'
import type { GateStep } from '../blueprints/plan-types.ts'
import { memberAnswers } from './executor.ts'
import { planOf } from './planning.ts'
import { addressOf, resolveValue } from './resolve.ts'
import type { MemberView, PlatformView } from './view.ts'

export interface HealthCheck {
  readonly path: string
  readonly script: string
  /** Who may be asked, in order; never empty. */
  readonly executors: readonly MemberView[]
  /** What everybody is told, by name in the environment. */
  readonly env: Readonly<Record<string, string>>
  /** References of what is secret, by name in the environment. */
  readonly secretEnv: Readonly<Record<string, string>>
  /** What this member is told beside it. */
  factsOf(member: MemberView): Readonly<Record<string, string>>
}

/** Null: its blueprint has none, nobody is fit to be asked, or what it needs to know is not known. */
export function healthCheck(view: PlatformView): HealthCheck | null {
  const spec = view.blueprint.document.health?.platform
  if (spec === undefined) return null
  const plan = planOf(view)
  const gate = plan.steps.find((step): step is GateStep => step.kind === 'gate' && step.input.path === spec.run)
  const script = view.blueprint.scripts[spec.run]?.text
  if (gate === undefined || script === undefined) return null
  const executors = executorsOf(plan, gate.on).flatMap(({ member, steps }) => {
    const found = view.members.get(member)
    const proven = steps.every((key) => (view.records.get(key)?.achieved ?? null) !== null)
    return found && proven && memberAnswers(found) && !view.abandoned.has(found.ref) ? [found] : []
  })
  if (executors.length === 0) return null
  const env: Record<string, string> = {}
  const secretEnv: Record<string, string> = {}
  for (const [name, value] of [...Object.entries(gate.input.with), ...Object.entries(gate.input.using)]) {
    const resolved = resolveValue(view, value, 'known')
    if (resolved === undefined) return null
    if (resolved.secretRef === null) env[name] = resolved.text
    else secretEnv[name] = resolved.secretRef
  }
  return { path: spec.run, script, executors, env, secretEnv, factsOf }

  function factsOf(member: MemberView): Readonly<Record<string, string>> {
    const { ref, group, ordinal, machine } = member
    const facts = { ref, group, ordinal, address: addressOf(member) ?? '', zone: machine.zone }
    return builtinEnvironment(view.name, facts, null)
  }
}
