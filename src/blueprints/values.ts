import { environmentName } from './environment.ts'
import type { ScriptSpec } from './language/step.ts'
import { isMemberFact, parseReference, type SimpleValue, type ValueExpression } from './language/value.ts'
import type { MemberFact, MemberRef, ScriptInput, Value } from './plan-types.ts'
import { presentOf, type View } from './view.ts'

// From what an author wrote to a symbolic value. The checks have refused whatever could fail here, so a failure is a
// bug of ours and throws a plain Error.

/** On whose behalf a value is resolved; null for what runs anywhere. */
export type Owner = { readonly ref: MemberRef; readonly group: string } | null

/** The value an expression stands for. */
export function valueFor(view: View, expression: ValueExpression, owner: Owner): Value {
  const simple = chosen(view, expression, owner)
  if (typeof simple === 'string') return referenced(view, simple, owner)
  if (typeof simple !== 'object') return { from: 'literal', value: simple }
  if ('value' in simple) return { from: 'literal', value: simple.value }
  return { from: 'literal', value: view.parameters[simple.param] ?? null }
}

/** The expression after its choose table, if it has one, was looked up. */
export function chosen(view: Pick<View, 'parameters'>, expression: ValueExpression, owner: Owner): SimpleValue {
  if (typeof expression !== 'object' || !('choose' in expression)) return expression
  const { by, cases, otherwise } = expression.choose
  const name = by === 'group' ? owner?.group : String(view.parameters[by.param])
  const found = (name !== undefined && Object.hasOwn(cases, name) ? cases[name] : undefined) ?? otherwise
  if (found === undefined) throw new Error(`choose has no case ${name}`)
  return found
}

function referenced(view: View, text: string, owner: Owner): Value {
  const reference = parseReference(text)
  if (reference.kind === 'member') {
    if (owner === null || !isMemberFact(reference.fact)) throw new Error(`no member fact ${text} here`)
    return { from: 'member', member: owner.ref, fact: reference.fact }
  }
  const step = view.steps.get(reference.name)
  if (step === undefined) return groupFact(view, reference.name, reference.part)
  const from = step.mode === 'fresh' ? 'fresh' : 'output'
  return { from, step: step.keyFor(owner?.ref ?? null), name: reference.part }
}

function groupFact(view: View, group: string, part: string): Value {
  if (!isMemberFact(part)) throw new Error(`no member fact ${part}`)
  const fact: MemberFact = part
  const shared = view.values.get(`${group}.${fact}`)
  if (shared !== undefined) return shared
  const value: Value = { from: 'group', members: presentOf(view, group).map((member) => member.ref), fact }
  view.values.set(`${group}.${fact}`, value)
  return value
}

/** What the step gets; members of one group share the object when nothing in it is their own. */
export function scriptInput(
  view: View,
  name: string,
  spec: ScriptSpec & { readonly outputs?: ScriptInput['outputs'] | undefined },
  owner: Owner,
): ScriptInput {
  const id = isOwn(view, spec) ? null : `${name} ${owner?.group ?? ''}`
  const shared = id === null ? undefined : view.inputs.get(id)
  if (shared !== undefined) return shared
  const script = view.blueprint.scripts[spec.run]
  if (script === undefined) throw new Error(`no script ${spec.run}`)
  const input: ScriptInput = {
    path: spec.run,
    digest: script.digest,
    with: named(view, spec.with, owner),
    using: named(view, spec.using, owner),
    outputs: spec.outputs ?? {},
  }
  if (id !== null) view.inputs.set(id, input)
  return input
}

function named(view: View, inputs: ScriptSpec['with'], owner: Owner): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(inputs ?? {}).map(([name, expression]) => [
      environmentName(name),
      valueFor(view, expression, owner),
    ]),
  )
}

/** All references an expression can come to, whatever is chosen. */
export function referencesOf(expression: ValueExpression): string[] {
  if (typeof expression === 'string') return [expression]
  if (typeof expression !== 'object' || !('choose' in expression)) return []
  const { cases, otherwise } = expression.choose
  return [...Object.values(cases), otherwise].filter((value) => typeof value === 'string')
}

function isOwn(view: View, spec: ScriptSpec): boolean {
  return [...Object.values(spec.with ?? {}), ...Object.values(spec.using ?? {})].flatMap(referencesOf).some((text) => {
    const reference = parseReference(text)
    return reference.kind === 'member' || view.steps.get(reference.name)?.mode === 'each'
  })
}
