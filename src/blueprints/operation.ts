import { ProblemError } from '../kernel/problem.ts'
import type { Blueprint } from './document.ts'
import { operationKey } from './keys.ts'
import { holds } from './language/condition.ts'
import type { OperationSpec } from './language/operation.ts'
import type { Scalar } from './language/parameter.ts'
import { parseSelection } from './language/selection.ts'
import { operationNeeds } from './needs.ts'
import { inOrder } from './order.ts'
import { parametersFor } from './parameters.ts'
import { outputsOf } from './plan.ts'
import {
  type Executor,
  type MemberRef,
  type OperationInput,
  type OperationPlan,
  type PlanMember,
  parseMemberRef,
  type ScriptStep,
} from './plan-types.ts'
import { scriptStep } from './present.ts'
import { didYouMean } from './suggest.ts'
import { ownerOf, runsOn, type View, type ViewStep, viewOf } from './view.ts'

/** Throws ProblemError `unknown_operation`, with what there is. */
export function operationOf(blueprint: Blueprint, name: string): OperationSpec {
  const { operations = {}, name: title, version } = blueprint.document
  const found = Object.hasOwn(operations, name) ? operations[name] : undefined
  if (found !== undefined) return found
  const names = Object.keys(operations)
  throw new ProblemError({
    code: 'unknown_operation',
    detail: `${title} ${version} has no operation ${name}.`,
    facts: { operation: name, operations: names },
    next: didYouMean(name, names) ?? (names.length === 0 ? 'It has none.' : `It has ${names.join(', ')}.`),
  })
}

/** The operation's own parameters, checked, with defaults. Throws `unknown_operation`, `unknown_parameter`, `invalid_parameter`. */
export function resolveOperationParameters(
  blueprint: Blueprint,
  name: string,
  given: Readonly<Record<string, unknown>>,
): Record<string, Scalar> {
  const title = `Operation ${name} of ${blueprint.document.name} ${blueprint.document.version}`
  return parametersFor(title, operationOf(blueprint, name).parameters ?? {}, given)
}

/**
 * What one run of an operation does, as data. Pure: from what was written down when it was asked for, and nothing else,
 * so it is the same plan whoever is replaced meanwhile. Throws ProblemError `unknown_operation`.
 */
export function planOperation(blueprint: Blueprint, input: OperationInput): OperationPlan {
  const spec = operationOf(blueprint, input.operation)
  const view = operationView(blueprint, spec, input)
  const steps = Object.keys(spec.steps).flatMap((name) => {
    const step = view.steps.get(name)
    return step?.active ? stepsOf(view, step) : []
  })
  return { mode: spec.mode ?? 'shared', steps: inOrder(steps), outputs: outputsOf(view, spec.outputs) }
}

/** The platform as the operation sees it: its members of then, its steps, and the operation's beside them. */
function operationView(blueprint: Blueprint, spec: OperationSpec, input: OperationInput): View {
  const { task, parameters, founders, foundings } = input
  const members = input.members.map((ref): PlanMember => ({ ref, ...parseMemberRef(ref), state: 'in' }))
  const platform = viewOf(blueprint, {
    parameters,
    members,
    founders,
    ...(foundings && { foundings }),
    founded: new Set(),
  })
  const steps = new Map(platform.steps)
  for (const [name, step] of Object.entries(spec.steps)) {
    const on = parseSelection(step.on)
    const active = holds(step.when, parameters)
    const keyFor = (owner: MemberRef | null): string =>
      operationKey(task, name, on.kind === 'each' ? ownerOf(owner, name) : null)
    steps.set(name, { name, spec: step, on, mode: on.kind === 'each' ? 'each' : 'once', active, keyFor })
  }
  return { ...platform, steps }
}

function stepsOf(view: View, step: ViewStep): ScriptStep[] {
  if (step.on.kind === 'anyHealthy') {
    return [operationStep(view, step, { kind: 'anyHealthy', group: step.on.group, except: [] }, null)]
  }
  const concerned = view.members.filter((member) => runsOn(view, step, member))
  return concerned.map((member) => operationStep(view, step, { kind: 'member', member: member.ref }, member))
}

function operationStep(view: View, step: ViewStep, on: Executor, member: PlanMember | null): ScriptStep {
  return {
    ...scriptStep(view, step, on, member),
    key: step.keyFor(member?.ref ?? null),
    mode: 'once',
    member: null,
    needs: operationNeeds(view, step, member),
  }
}
