import type { Executor, Need, Plan, PlanStep, Value } from '../../../src/blueprints/index.ts'
import { unreachable } from '../../../src/kernel/unreachable.ts'

// Plans as a person reads them, one line a step, for golden files. Long lists are counted, not listed.

/** One line for each step, in order, then one for each output. */
export function planText(plan: Pick<Plan, 'steps' | 'outputs'>): string {
  const outputs = Object.entries(plan.outputs).map(
    ([name, output]) => `output ${name} = ${valueText(output.value)}${output.secret ? ' (secret)' : ''}`,
  )
  return [...plan.steps.map(stepText), ...outputs].map((line) => `${line}\n`).join('')
}

/** `+ script/worker-0@1/join  on worker-0@1  needs ...  with ...  using ...` */
export function stepText(step: PlanStep): string {
  const parts = [`${step.want === 'present' ? '+' : '-'} ${step.key}`, ...wherePart(step), ...needsPart(step.needs)]
  if (step.kind === 'script' || step.kind === 'gate') {
    if (step.kind === 'script' && step.subject !== null) parts.push(`subject ${step.subject}`)
    parts.push(step.input.path, ...valuesPart('with', step.input.with), ...valuesPart('using', step.input.using))
  }
  return parts.join('  ')
}

function wherePart(step: PlanStep): string[] {
  switch (step.kind) {
    case 'machine':
    case 'ssh':
    case 'power':
      return []
    case 'script':
      return [`${step.mode === 'each' ? '' : `${step.mode} `}on ${executorText(step.on)}`]
    case 'gate':
      return [`guards ${counted(step.guards)}`, `on ${executorText(step.on)}`]
    default:
      return unreachable(step)
  }
}

function executorText(on: Executor): string {
  if (on.kind === 'member') return on.member
  return on.except.length === 0 ? `any ${on.group}` : `any ${on.group} but ${on.except.join(', ')}`
}

function needsPart(needs: readonly Need[]): string[] {
  if (needs.length === 0) return []
  const texts = needs.map(({ quantifier, steps }) =>
    quantifier === 'all' ? counted(steps) : `${quantifier} of (${counted(steps)})`,
  )
  return [`needs ${texts.join(' and ')}`]
}

function valuesPart(word: string, values: Readonly<Record<string, Value>>): string[] {
  const texts = Object.entries(values).map(([name, value]) => `${name}=${valueText(value)}`)
  return texts.length === 0 ? [] : [`${word} ${texts.join(', ')}`]
}

function valueText(value: Value): string {
  switch (value.from) {
    case 'literal':
      return JSON.stringify(value.value)
    case 'output':
    case 'fresh':
      return `${value.step}.${value.name}`
    case 'member':
      return `${value.member}.${value.fact}`
    case 'group':
      return `${value.fact} of (${counted(value.members)})`
    default:
      return unreachable(value)
  }
}

function counted(names: readonly string[]): string {
  if (names.length <= 7) return names.join(', ')
  return `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`
}
