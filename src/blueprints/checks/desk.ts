import type { BlueprintDocument } from '../document.ts'
import type { BlueprintFiles } from '../files.ts'
import { parseSelection, type Selection } from '../language/selection.ts'
import type { ScriptSpec, StepSpec } from '../language/step.ts'
import type { Mistake } from '../mistake.ts'
import type { Path, Source } from '../source.ts'

// What the checks have before them, and where they put what they find.

export interface CheckedStep {
  readonly name: string
  readonly spec: StepSpec
  readonly on: Selection
  readonly mode: 'each' | 'once' | 'fresh'
}

/** Where a script runs decides which references make sense in it. */
export type Place =
  | { readonly kind: 'each'; readonly step: CheckedStep; readonly groups: readonly string[] }
  | { readonly kind: 'founder'; readonly step: CheckedStep; readonly groups: readonly string[] }
  | { readonly kind: 'once' | 'fresh'; readonly step: CheckedStep }
  /** Also drain and return: on another member, about one of this group. */
  | { readonly kind: 'leave'; readonly group: string }
  | { readonly kind: 'health' }
  | { readonly kind: 'output'; readonly name: string }

export interface PlacedScript {
  readonly path: Path
  readonly spec: ScriptSpec
  readonly place: Place
  /** `step join`, `leave of worker`: how messages call it. */
  readonly label: string
}

export interface Desk {
  readonly document: BlueprintDocument
  readonly files: BlueprintFiles
  readonly groups: readonly string[]
  readonly steps: ReadonlyMap<string, CheckedStep>
  readonly scripts: readonly PlacedScript[]
  readonly mistakes: Mistake[]
  report(path: Path, message: string, hint: string, at?: 'value' | 'key'): void
  /** A mistake in a file other than blueprint.yaml. */
  reportFile(file: string, line: number, message: string, hint: string): void
}

export function deskFor(document: BlueprintDocument, files: BlueprintFiles, source: Source): Desk {
  const steps = new Map(Object.entries(document.steps ?? {}).map(([name, spec]) => [name, checkedStep(name, spec)]))
  const mistakes: Mistake[] = []
  return deskOf(document, files, steps, mistakes, (path, message, hint, at) =>
    mistakes.push(source.mistake(path, message, hint, at)),
  )
}

/** A desk with these steps on it. */
export function deskOf(
  document: BlueprintDocument,
  files: BlueprintFiles,
  steps: ReadonlyMap<string, CheckedStep>,
  mistakes: Mistake[],
  report: Desk['report'],
): Desk {
  const groups = Object.keys(document.groups)
  return {
    document,
    files,
    groups,
    steps,
    scripts: scriptsOf(document, groups, steps),
    mistakes,
    report,
    reportFile: (file, line, message, hint) => mistakes.push({ file, line, column: 1, pointer: '', message, hint }),
  }
}

export function checkedStep(name: string, spec: StepSpec): CheckedStep {
  return { name, spec, on: parseSelection(spec.on), mode: spec.once ? 'once' : spec.fresh ? 'fresh' : 'each' }
}

function scriptsOf(
  document: BlueprintDocument,
  groups: readonly string[],
  steps: ReadonlyMap<string, CheckedStep>,
): PlacedScript[] {
  const scripts: PlacedScript[] = []
  for (const step of steps.values()) {
    scripts.push({
      path: ['steps', step.name],
      spec: step.spec,
      place: placeOf(step, groups),
      label: `step ${step.name}`,
    })
    const { verify } = step.spec
    if (verify !== undefined) {
      const label = `verify of ${step.name}`
      scripts.push({ path: ['steps', step.name], spec: { run: verify }, place: { kind: 'health' }, label })
    }
  }
  for (const part of ['leave', 'drain', 'return'] as const) {
    for (const [group, spec] of Object.entries(document[part] ?? {})) {
      scripts.push({ path: [part, group], spec, place: { kind: 'leave', group }, label: `${part} of ${group}` })
    }
  }
  const health = document.health?.platform
  if (health !== undefined) {
    scripts.push({ path: ['health', 'platform'], spec: health, place: { kind: 'health' }, label: 'health' })
  }
  for (const [group, check] of Object.entries(document.health?.machines ?? {})) {
    const path = ['health', 'machines', group]
    if ('run' in check)
      scripts.push({ path, spec: { run: check.run }, place: { kind: 'health' }, label: `check of ${group}` })
  }
  return scripts
}

function placeOf(step: CheckedStep, groups: readonly string[]): Place {
  if (step.mode === 'fresh') return { kind: 'fresh', step }
  if (step.on.kind === 'founder') return { kind: 'founder', step, groups: [step.on.group] }
  if (step.on.kind === 'each') return { kind: 'each', step, groups: step.on.groups ?? groups }
  return { kind: 'once', step }
}
