import type { Blueprint } from './document.ts'
import { holds } from './language/condition.ts'
import type { OutputSpec } from './language/output.ts'
import { parseReference } from './language/value.ts'
import { absentSteps, leavingSteps } from './leaving.ts'
import { inOrder } from './order.ts'
import type { Plan, PlanInput } from './plan-types.ts'
import { gateStep, memberSteps, platformSteps } from './present.ts'
import { chosen, valueFor } from './values.ts'
import { type View, viewOf } from './view.ts'

/**
 * What must hold, as data. Pure and linear in the members: it reads no health, clock or inventory, so the same
 * members and records give the same plan. `blueprint` and `input.parameters` have been checked (parseBlueprint,
 * resolveParameters); a plain Error thrown here is a bug of the caller, e.g. a founding group without a founder.
 */
export function plan(blueprint: Blueprint, input: PlanInput): Plan {
  const view = viewOf(blueprint, input)
  if (input.want === 'absent') return { steps: inOrder(absentSteps(view)), outputs: {} }
  const members = memberSteps(view)
  const platform = view.presentRefs.size > 0 || view.founded.size > 0 ? platformSteps(view) : []
  const building = [...members, ...platform]
  const gate = gateStep(view, building)
  const steps = [...leavingSteps(view), ...building, ...(gate === null ? [] : [gate])]
  return { steps: inOrder(steps), outputs: outputsOf(view, blueprint.document.outputs) }
}

/** What each output is, of those whose `when` holds. */
export function outputsOf(view: View, specs: Readonly<Record<string, OutputSpec>> | undefined): Plan['outputs'] {
  const outputs: Record<string, Plan['outputs'][string]> = {}
  for (const [name, output] of Object.entries(specs ?? {})) {
    if (!holds(output.when, view.parameters)) continue
    const from = chosen(view, output.from, null)
    outputs[name] = { value: valueFor(view, from, null), secret: typeof from === 'string' && isSecret(view, from) }
  }
  return outputs
}

function isSecret(view: View, text: string): boolean {
  const reference = parseReference(text)
  if (reference.kind !== 'named') return false
  return view.steps.get(reference.name)?.spec.outputs?.[reference.part] === 'secret'
}
