import type { BlueprintDocument } from '../document.ts'
import type { BlueprintFiles } from '../files.ts'
import type { OperationSpec } from '../language/operation.ts'
import type { Mistake } from '../mistake.ts'
import type { Path, Source } from '../source.ts'
import { type CheckedStep, checkedStep, type Desk, deskOf } from './desk.ts'

// An operation is checked by the same rules as the platform: on a desk where its steps and parameters lie among those
// of the platform, as its values may name both. What is said of the platform's own parts there is not repeated.

export interface OperationDesk {
  readonly name: string
  readonly spec: OperationSpec
  readonly document: BlueprintDocument
  readonly desk: Desk
  /** Of these names, the platform's parameters. */
  names(used: ReadonlySet<string>): ReadonlySet<string>
}

export function operationDesks(document: BlueprintDocument, files: BlueprintFiles, source: Source): OperationDesk[] {
  return Object.entries(document.operations ?? {}).map(([name, spec]) => {
    const mistakes: Mistake[] = []
    const report: Desk['report'] = (path, message, hint, at) => {
      if (isOwn(spec, path)) mistakes.push(source.mistake(['operations', name, ...path], message, hint, at))
    }
    const merged: BlueprintDocument = {
      name: document.name,
      version: document.version,
      groups: document.groups,
      parameters: { ...document.parameters, ...spec.parameters },
      steps: { ...document.steps, ...spec.steps },
      outputs: spec.outputs,
    }
    const desk = deskOf(merged, files, stepsAmong(document, spec), mistakes, report)
    const own = new Set(Object.keys(spec.parameters ?? {}))
    return { name, spec, document, desk, names: (used) => new Set([...used].filter((each) => !own.has(each))) }
  })
}

function stepsAmong(document: BlueprintDocument, spec: OperationSpec): Map<string, CheckedStep> {
  const steps = new Map(Object.entries(document.steps ?? {}).map(([name, step]) => [name, checkedStep(name, step)]))
  for (const [name, step] of Object.entries(spec.steps)) {
    const checked = checkedStep(name, step)
    steps.set(name, { ...checked, mode: checked.on.kind === 'each' ? 'each' : 'once' })
  }
  return steps
}

/** Whether the path leads to something that the operation itself holds. */
function isOwn(spec: OperationSpec, [part, name]: Path): boolean {
  if (part === 'outputs' || name === undefined) return true
  if (part === 'steps') return Object.hasOwn(spec.steps, name)
  return part === 'parameters' && Object.hasOwn(spec.parameters ?? {}, name)
}

/** What only operations can get wrong. */
export function checkOperationForm({ name, spec, document, desk }: OperationDesk): void {
  if (Object.keys(spec.steps).length === 0)
    desk.report(['steps'], `Operation ${name} has no steps.`, 'Write at least one step under steps.')
  for (const step of Object.keys(spec.steps)) {
    if (!Object.hasOwn(document.steps ?? {}, step)) continue
    desk.report(['steps', step], `${step} is a step of the platform as well.`, 'Rename one of them.', 'key')
  }
  for (const parameter of Object.keys(spec.parameters ?? {})) {
    if (!Object.hasOwn(document.parameters ?? {}, parameter)) continue
    const hint = 'Its steps may name the parameters of the platform; rename this one if it is another.'
    desk.report(['parameters', parameter], `${parameter} is a parameter of the platform as well.`, hint, 'key')
  }
  for (const [step, { needs }] of Object.entries(spec.steps)) {
    for (const [index, need] of (needs ?? []).entries()) {
      const needed = typeof need === 'string' ? need : need.step
      if (Object.hasOwn(spec.steps, needed) || !Object.hasOwn(document.steps ?? {}, needed)) continue
      const hint = 'It runs on members that are part of the platform: leave the need out.'
      desk.report(['steps', step, 'needs', index], `${needed} is a step of the platform, and done already.`, hint)
    }
  }
}
