// What machines were last told, against what is wanted of them: a platform may call itself ready and its machines be as an
// earlier wish, or another version of its blueprint, had them.

import type Database from 'better-sqlite3'
import { z } from 'zod'
import { editionOf } from './blueprints.ts'
import { Violation } from './violation.ts'
import { type Folder, isDone, type Vm } from './vm.ts'

interface Member {
  readonly platform_id: string
  readonly name: string
  readonly member: string
  readonly resource_key: string
  readonly spec: string
  readonly version: string
}

const specSchema = z.object({ parameters: z.object({ revision: z.number() }) })

/** Of every platform that is ready, at rest. Throws Violation. */
export function checkAsked(database: Database.Database, vms: readonly Vm[]): void {
  const members = database
    .prepare<[], Member>(
      `select platforms.id as platform_id, platforms.name, member, resource_key, platforms.spec, blueprint_version as version
         from members join machines on machines.id = machine_id
         join platforms on platforms.id = members.platform_id join blueprints on digest = blueprint_digest
         where platforms.state = 'ready' and members.state = 'in'`,
    )
    .all()
  for (const member of members) {
    const vm = vms.find(({ key }) => key === member.resource_key)
    if (vm) checkMachine(member, vm, clusterOf(database, member.platform_id))
  }
}

function checkMachine(member: Member, vm: Vm, cluster: string | undefined): void {
  const { parameters } = specSchema.parse(JSON.parse(member.spec))
  const said = (what: string) =>
    new Violation('as-asked', `${member.member} of ${member.name} (${vm.ref}) ${what}, and ${member.version} is wanted`)
  const first = last(vm, /\/(setup|prepare)$/)
  const { REVISION: revision, EDITION: edition } = first?.env ?? {}
  if (revision !== String(parameters.revision) || edition !== editionOf[member.version])
    throw said(`was last told revision ${revision} of edition ${edition}, not ${parameters.revision}`)
  if (first?.stepKey.endsWith('/setup') && edition?.startsWith('two') && !last(vm, /\/tune$/))
    throw said('was never tuned')
  const join = last(vm, /^script\/[^/]+\/join$/)
  // Whoever founded was told nothing.
  const joined = last(vm, /\/found(#\d+)?$/) === undefined ? join?.env.CLUSTER : cluster
  if (first?.stepKey.endsWith('/prepare') && (joined === undefined || joined !== cluster))
    throw said(`joined ${joined}, not ${cluster}`)
}

/** The last that has succeeded of a step. */
function last({ folders }: Vm, step: RegExp): Folder | undefined {
  return [...folders.values()].findLast(({ stepKey, status }) => step.test(stepKey) && isDone(status))
}

/** What the last founding gave. */
function clusterOf(database: Database.Database, platform: string): string | undefined {
  const row = database
    .prepare<[string], { outputs: string }>(
      `select outputs from records where platform_id = ? and key glob 'script/found*' and status = 'done'
         order by length(key) desc, key desc limit 1`,
    )
    .get(platform)
  return /clusterId-\d+/.exec(row?.outputs ?? '')?.[0]
}
