import { fileURLToPath } from 'node:url'
import {
  type Blueprint,
  groupsOf,
  loadBlueprintFolder,
  memberRef,
  type PlanInput,
  type PlanMember,
  parseBlueprint,
  resolveParameters,
} from '../../../src/blueprints/index.ts'

// Platforms as planning sees them: members in their states, founders, and what was founded.

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** A blueprint of the repository by its folder, e.g. `blueprints/swarm`. */
export async function blueprintAt(folder: string): Promise<Blueprint> {
  return parseBlueprint(await loadBlueprintFolder(root + folder)).blueprint
}

/** A member in its first incarnation, or a later one. */
export function memberOf(
  group: string,
  ordinal: number,
  state: PlanMember['state'] = 'in',
  incarnation = 1,
): PlanMember {
  return {
    ref: memberRef(group, ordinal, incarnation),
    name: `${group}-${ordinal}`,
    group,
    ordinal,
    incarnation,
    state,
  }
}

/** A platform that is about to be built: all members joining, the first of each founding group its founder. */
export function building(blueprint: Blueprint, given: Readonly<Record<string, unknown>> = {}): PlanInput {
  const parameters = resolveParameters(blueprint, given)
  const groups = groupsOf(blueprint, parameters)
  return {
    want: 'present',
    parameters,
    members: groups.flatMap((group) =>
      Array.from({ length: group.count }, (_, ordinal) => memberOf(group.name, ordinal, 'joining')),
    ),
    founders: Object.fromEntries(
      groups.filter((group) => group.founds).map((group) => [group.name, memberRef(group.name, 0, 1)]),
    ),
    founded: new Set(),
  }
}

/** The same platform when everything is done. */
export function built(blueprint: Blueprint, given: Readonly<Record<string, unknown>> = {}): PlanInput {
  const platform = building(blueprint, given)
  const once = Object.entries(blueprint.document.steps ?? {}).filter(([, step]) => step.once === true)
  return {
    ...platform,
    members: platform.members.map((member) => ({ ...member, state: 'in' })),
    founded: new Set(once.map(([name]) => `script/${name}`)),
  }
}

/** After the decision to replace a member: the old incarnation leaving, the next one joining. */
export function replacing(platform: PlanInput, name: string): PlanInput {
  const members = platform.members.flatMap((member): PlanMember[] => {
    if (member.name !== name || member.state === 'leaving') return [member]
    const next = memberOf(member.group, member.ordinal, 'joining', member.incarnation + 1)
    return [{ ...member, state: 'leaving' }, next]
  })
  if (members.length === platform.members.length) throw new Error(`no member ${name}`)
  return { ...platform, members }
}

/** After the decision to add a member to a group. */
export function adding(platform: PlanInput, group: string): PlanInput {
  const ordinal = platform.members.filter((member) => member.group === group).length
  return { ...platform, members: [...platform.members, memberOf(group, ordinal, 'joining')] }
}

/** After the decision to remove members. */
export function removing(platform: PlanInput, names: readonly string[]): PlanInput {
  return {
    ...platform,
    members: platform.members.map((member) => (names.includes(member.name) ? { ...member, state: 'leaving' } : member)),
  }
}
