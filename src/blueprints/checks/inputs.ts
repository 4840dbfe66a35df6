import { isMemberFact, memberFacts, parseReference, type ValueExpression } from '../language/value.ts'
import type { Path } from '../source.ts'
import { didYouMean } from '../suggest.ts'
import type { CheckedStep, Desk, Place } from './desk.ts'
import { runsIn } from './steps.ts'

// References in with, using and outputs: that they lead somewhere, and that where they stand it is known whose value
// is meant and that it lives long enough.

export function checkInputs(desk: Desk): void {
  for (const { path, spec, place } of desk.scripts) {
    for (const part of ['with', 'using'] as const) {
      for (const [name, value] of Object.entries(spec[part] ?? {})) {
        checkExpression(desk, [...path, part, name], value, place, part === 'using')
      }
    }
  }
  for (const [name, output] of Object.entries(desk.document.outputs ?? {})) {
    checkExpression(desk, ['outputs', name, 'from'], output.from, { kind: 'output', name }, false)
  }
}

function checkExpression(desk: Desk, path: Path, expression: ValueExpression, place: Place, using: boolean): void {
  if (typeof expression === 'string') {
    checkReference(desk, path, expression, place, using)
    return
  }
  if (typeof expression !== 'object' || !('choose' in expression)) return
  const { by, cases, otherwise } = expression.choose
  const below: Path = [...path, 'choose']
  if (by === 'group') checkGroupCases(desk, below, Object.keys(cases), otherwise !== undefined, place)
  for (const [name, value] of Object.entries(cases)) {
    const narrowed = by === 'group' ? narrow(place, name) : place
    if (typeof value === 'string') checkReference(desk, [...below, 'cases', name], value, narrowed, using)
  }
  if (typeof otherwise === 'string') checkReference(desk, [...below, 'otherwise'], otherwise, place, using)
}

/** In the case of one group the step runs only there. */
function narrow(place: Place, group: string): Place {
  return place.kind === 'each' ? { ...place, groups: [group] } : place
}

function checkGroupCases(desk: Desk, path: Path, cases: string[], otherwise: boolean, place: Place): void {
  if (place.kind !== 'each' && place.kind !== 'founder') {
    desk.report(
      [...path, 'by'],
      'by: group needs a step of a member.',
      'Choose by a parameter, or write the value itself.',
    )
    return
  }
  for (const name of cases) {
    if (place.groups.includes(name)) continue
    const hint = didYouMean(name, place.groups) ?? `It runs on ${place.groups.join(', ')}.`
    desk.report([...path, 'cases', name], `The step does not run on ${name}.`, hint, 'key')
  }
  const missing = place.groups.filter((group) => !cases.includes(group))
  if (missing.length > 0 && !otherwise) {
    desk.report(path, `There is no case for ${missing.join(', ')}.`, 'Add the cases, or otherwise.')
  }
}

function checkReference(desk: Desk, path: Path, text: string, place: Place, using: boolean): void {
  const reference = parseReference(text)
  if (reference.kind === 'member') {
    if (place.kind !== 'each' && place.kind !== 'founder') {
      desk.report(
        path,
        `${text}: no one member is meant here.`,
        'Only steps on each or founder have a member of their own.',
      )
    } else checkFact(desk, path, text, reference.fact)
    return
  }
  const { name, part } = reference
  const step = desk.steps.get(name)
  if (step !== undefined) {
    checkOutput(desk, path, step, part, place, using)
  } else if (desk.groups.includes(name)) {
    checkFact(desk, path, text, part)
  } else {
    const hint = didYouMean(name, [...desk.steps.keys(), ...desk.groups, 'member'])
    desk.report(path, `There is no step or group ${name}.`, hint ?? 'A literal text is written { value: ... }.')
  }
}

function checkFact(desk: Desk, path: Path, text: string, fact: string): void {
  if (isMemberFact(fact)) return
  desk.report(
    path,
    `${text}: a member has no ${fact}.`,
    didYouMean(fact, memberFacts) ?? `Facts are ${memberFacts.join(', ')}.`,
  )
}

function checkOutput(desk: Desk, path: Path, step: CheckedStep, output: string, place: Place, using: boolean): void {
  const outputs = Object.keys(step.spec.outputs ?? {})
  if (!outputs.includes(output)) {
    const hint = didYouMean(output, outputs) ?? `It has ${outputs.join(', ') || 'none'}.`
    desk.report(path, `Step ${step.name} has no output ${output}.`, hint)
    return
  }
  if (step.mode === 'fresh') checkFresh(desk, path, step, place, using)
  else if (step.mode === 'each') checkOwn(desk, path, step, place)
}

function checkFresh(desk: Desk, path: Path, step: CheckedStep, place: Place, using: boolean): void {
  const fresh = `${step.name} is fresh: its outputs live for one run`
  if (place.kind === 'output')
    desk.report(path, `${fresh}, so they cannot be outputs.`, 'Name an output of a once step.')
  else if (place.kind === 'fresh')
    desk.report(path, `${fresh}, and a fresh step cannot use another one.`, 'Let one script do both.')
  else if (place.kind === 'health')
    desk.report(path, `${fresh}, and health goes on for ever.`, 'Let the check itself find what it needs.')
  else if (!using)
    desk.report(path, `${fresh}, so with, which is compared from run to run, cannot name them.`, 'Name it in using.')
}

function checkOwn(desk: Desk, path: Path, step: CheckedStep, place: Place): void {
  if (place.kind !== 'each' && place.kind !== 'founder') {
    const hint = 'Outputs of a once step can be named here.'
    desk.report(path, `Each member has a ${step.name} of its own, and none is meant here.`, hint)
    return
  }
  const lacking = place.groups.filter((group) => !runsIn(step, group))
  if (lacking.length > 0)
    desk.report(
      path,
      `${step.name} does not run on ${lacking.join(', ')}.`,
      `Let ${step.name} run there as well, or choose by group.`,
    )
  if (step.spec.except === 'founder' && (place.kind === 'founder' || place.step.spec.except !== 'founder')) {
    desk.report(path, `${step.name} does not run on the founder.`, 'Write except: founder here as well.')
  }
}
