import type { Blueprint } from './document.ts'
import { holds } from './language/condition.ts'
import type { OutputSpec } from './language/output.ts'
import { updateRules } from './language/update.ts'
import { parseReference } from './language/value.ts'
import { absentSteps, leavingSteps } from './leaving.ts'
import { type Views, viewsOf, withoutUnplanned } from './mixed.ts'
import { inOrder } from './order.ts'
import type { Plan, PlanInput } from './plan-types.ts'
import { gateStep, memberSteps, platformSteps } from './present.ts'
import { chosen, valueFor } from './values.ts'
import type { View } from './view.ts'
import type { Wish } from './wish.ts'

/**
 * What must hold, as data. Pure and linear in the members: it reads no health, clock or inventory, so the same
 * members and records give the same plan. `blueprint` and `input.parameters` have been checked (parseBlueprint,
 * resolveParameters); a plain Error thrown here is a bug of the caller, e.g. a founding group without a founder.
 */
export function plan(blueprint: Blueprint, input: PlanInput): Plan {
  return planWishes({ revision: 1, blueprint, parameters: input.parameters }, [], input)
}

/** As `plan`, for a platform some of whose members still follow a wish of before: each is planned by its own. */
export function planWishes(target: Wish, older: readonly Wish[], input: Omit<PlanInput, 'parameters'>): Plan {
  const views = viewsOf(target, older, input)
  if (input.want === 'absent') return { steps: inOrder(absentSteps(views)), outputs: {} }
  const members = memberSteps(views)
  const building = [...members, ...standing(views)]
  // The first build always passes its health check; whether each wave of a rollout does is the author's choice.
  const gated = target.revision === 1 || updateRules(target.blueprint.document.update).healthGate
  const gate = gated ? gateStep(views, building) : null
  const steps = [...leavingSteps(views), ...building, ...(gate === null ? [] : [gate])]
  const planned = views.older.length === 0 ? steps : withoutUnplanned(steps)
  return { steps: inOrder(planned), outputs: outputsOf(views.target, target.blueprint.document.outputs) }
}

/** Steps of the platform as a whole, and what members that are behind need of those that it had before. */
function standing(views: Views): ReturnType<typeof platformSteps> {
  const { target, older } = views
  if (target.presentRefs.size === 0 && target.founded.size === 0) return []
  const steps = platformSteps(target)
  const keys = new Set(steps.map((step) => step.key))
  for (const view of older) {
    for (const step of platformSteps(view)) {
      if (keys.has(step.key)) continue
      keys.add(step.key)
      steps.push(step)
    }
  }
  return steps
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
