import { environmentName, refusedName } from '../environment.ts'
import { parseSelection } from '../language/selection.ts'
import type { Path } from '../source.ts'
import { didYouMean } from '../suggest.ts'
import type { Desk } from './desk.ts'

// Names that would mean two things, and groups that do not exist.

const reserved = new Set(['member', 'group', 'platform', 'param', 'founder', 'subject', 'health'])
/** Steps that every machine has: progress is told by the same names. */
const builtIn = new Set(['machine', 'ssh', 'leave', 'drain', 'return', 'gate', 'power'])
const ownMeaning = 'That word has a meaning of its own. Choose another one.'

export function checkNames(desk: Desk): void {
  for (const group of desk.groups) {
    if (reserved.has(group)) desk.report(['groups', group], `A group cannot be called ${group}.`, ownMeaning, 'key')
  }
  if (desk.groups.length === 0)
    desk.report(
      ['groups'],
      'A blueprint has at least one group.',
      'Write groups: { node: { count: 1, flavor: small, image: debian-12 } }.',
    )
  for (const name of desk.steps.keys()) {
    if (reserved.has(name) || builtIn.has(name))
      desk.report(['steps', name], `A step cannot be called ${name}.`, ownMeaning, 'key')
    if (desk.groups.includes(name)) {
      const hint = `${name}.address would be a fact of the group and an output of the step. Rename one of them.`
      desk.report(['steps', name], `${name} is a group as well.`, hint, 'key')
    }
  }
  for (const { path, spec } of desk.scripts) checkEnvironment(desk, path, spec)
  checkGroupsNamed(desk)
}

function checkEnvironment(
  desk: Desk,
  path: Path,
  spec: { with?: object | undefined; using?: object | undefined },
): void {
  const seen = new Map<string, string>()
  for (const part of ['with', 'using'] as const) {
    for (const name of Object.keys(spec[part] ?? {})) {
      const variable = environmentName(name)
      const other = seen.get(variable)
      const refused = refusedName(variable)
      const at = [...path, part, name]
      if (refused !== null) desk.report(at, `${name} cannot be an input: ${refused}.`, 'Choose another name.', 'key')
      if (other !== undefined)
        desk.report(at, `${other} and ${name} are both ${variable} in the script.`, 'Rename one of them.', 'key')
      seen.set(variable, name)
    }
  }
}

function checkGroupsNamed(desk: Desk): void {
  for (const step of desk.steps.values()) {
    const named = step.on.kind === 'each' ? (step.on.groups ?? []) : [step.on.group]
    for (const group of named) mustBeGroup(desk, ['steps', step.name, 'on'], group)
    if (new Set(named).size < named.length)
      desk.report(['steps', step.name, 'on'], 'A group is named twice.', 'Name it once.')
  }
  for (const part of ['leave', 'drain', 'return'] as const) {
    for (const [group, spec] of Object.entries(desk.document[part] ?? {})) {
      mustBeGroup(desk, [part, group], group, 'key')
      mustBeGroup(desk, [part, group, 'on'], executorOf(spec.on))
    }
  }
  const health = desk.document.health?.platform
  if (health !== undefined) mustBeGroup(desk, ['health', 'platform', 'on'], executorOf(health.on))
  for (const group of Object.keys(desk.document.health?.machines ?? {}))
    mustBeGroup(desk, ['health', 'machines', group], group, 'key')
  for (const [index, group] of (desk.document.update?.order ?? []).entries()) {
    mustBeGroup(desk, ['update', 'order', index], group)
  }
}

function executorOf(text: string): string {
  const on = parseSelection(text)
  return on.kind === 'anyHealthy' ? on.group : ''
}

/** Reports a group that does not exist. */
export function mustBeGroup(desk: Desk, path: Path, group: string, at?: 'value' | 'key'): boolean {
  if (desk.groups.includes(group)) return true
  const hint = didYouMean(group, desk.groups) ?? `Groups are ${desk.groups.join(', ')}.`
  desk.report(path, `There is no group ${group}.`, hint, at)
  return false
}
