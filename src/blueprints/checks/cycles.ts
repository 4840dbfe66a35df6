import { parseReference } from '../language/value.ts'
import { referencesOf } from '../values.ts'
import type { CheckedStep, Desk } from './desk.ts'

/**
 * Steps that wait for each other. A need on a step that is not in a plan passes to that step's own needs, so the
 * circle is looked for in all steps, whatever their `when`.
 */
export function checkCycles(desk: Desk): void {
  const done = new Set<string>()
  for (const step of desk.steps.values()) {
    const circle = circleFrom(desk, step, [], done)
    if (circle === null) continue
    const [first] = circle
    if (first === undefined) continue
    desk.report(
      ['steps', first, 'needs'],
      `${[...circle, first].join(' needs ')}: none could ever begin.`,
      'Take one of these needs away.',
    )
    return
  }
}

function circleFrom(desk: Desk, step: CheckedStep, above: readonly string[], done: Set<string>): string[] | null {
  const start = above.indexOf(step.name)
  if (start >= 0) return above.slice(start)
  if (done.has(step.name)) return null
  for (const name of neededBy(desk, step)) {
    const next = desk.steps.get(name)
    const circle = next === undefined ? null : circleFrom(desk, next, [...above, step.name], done)
    if (circle !== null) return circle
  }
  done.add(step.name)
  return null
}

/** Steps it needs, by declaration or because it names an output. */
function neededBy(desk: Desk, { spec }: CheckedStep): string[] {
  const needs = (spec.needs ?? []).map((need) => (typeof need === 'string' ? need : need.step))
  const values = [...Object.values(spec.with ?? {}), ...Object.values(spec.using ?? {})]
  const named = values.flatMap(referencesOf).flatMap((text) => {
    const reference = parseReference(text)
    return reference.kind === 'named' && desk.steps.has(reference.name) ? [reference.name] : []
  })
  return [...needs, ...named]
}
