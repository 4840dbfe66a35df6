import type { Scope } from '../../access/index.ts'
import { groupsOf } from '../../blueprints/index.ts'
import { instant, JsonObject, z } from '../../http/schema.ts'
import type { PlatformId } from '../../kernel/ids.ts'
import type { Db, ProblemTable } from '../../store/index.ts'
import { parseLabels } from '../labels.ts'
import { addressOf, sshEndpoint } from '../machines/index.ts'
import type { Rooms } from '../rooms.ts'
import { simulatedKinds } from '../simulated.ts'
import { openTask, outputsSchema, shownOutputs } from '../tasks/index.ts'
import type { Group, NamedProblem, Platform, PlatformSummary } from './schemas.ts'
import {
  countMachines,
  getPlatform,
  livingMembers,
  type MachineCount,
  openProblems,
  type PlatformRow,
} from './store.ts'

const specSchema = z.object({ parameters: JsonObject })
const resolutionsSchema = z.array(z.string())

export function parametersOf(row: Pick<PlatformRow, 'spec'>) {
  return specSchema.parse(JSON.parse(row.spec)).parameters
}

/** As stored: secrets by reference. */
export function outputsOf(row: Pick<PlatformRow, 'outputs'>) {
  return outputsSchema.parse(JSON.parse(row.outputs))
}

export function summaryView(
  row: PlatformRow,
  count: MachineCount | undefined,
  simulated: Set<string>,
): PlatformSummary {
  return {
    id: row.id,
    name: row.name,
    tenant: row.tenant_id,
    project: row.project_id,
    blueprint: `${row.blueprint_name}@${row.blueprint_version}`,
    labels: parseLabels(row.labels),
    generation: row.generation,
    state: row.state,
    stateSince: instant(row.state_since),
    stateReason: row.state_reason,
    deletionProtection: row.deletion_protection === 1,
    simulated: count?.kinds.some((kind) => simulated.has(kind)) ?? false,
    machines: { wanted: row.want === 'present' ? (count?.wanted ?? 0) : 0, ready: count?.ready ?? 0 },
    createdAt: instant(row.created_at),
    readyAt: instant(row.ready_at),
    deletedAt: instant(row.deleted_at),
  }
}

/** Summaries of a page of rows. */
export async function summaries(rooms: Rooms, db: Db, rows: readonly PlatformRow[]): Promise<PlatformSummary[]> {
  const counts = await countMachines(
    db,
    rows.map((row) => row.id),
  )
  const simulated = await simulatedKinds(
    rooms,
    [...counts.values()].flatMap((count) => count.kinds),
  )
  return rows.map((row) => summaryView(row, counts.get(row.id), simulated))
}

/** The whole platform, and the version its ETag is made of. */
export async function platformView(
  rooms: Rooms,
  db: Db,
  scope: Scope,
  id: PlatformId,
): Promise<{ readonly view: Platform; readonly version: number }> {
  const row = await getPlatform(db, scope, id)
  const [summary] = await summaries(rooms, db, [row])
  if (!summary) throw new Error('one row has one summary')
  const receipt = await db.selectFrom('receipts').select('id').where('platform_id', '=', id).executeTakeFirst()
  const view: Platform = {
    ...summary,
    blueprintDigest: row.blueprint_digest,
    parameters: parametersOf(row),
    groups: await groupViews(rooms, db, row),
    outputs: shownOutputs(outputsOf(row), `/v1/platforms/${row.id}/outputs`),
    problems: await namedProblems(db, await openProblems(db, id)),
    task: await openTask(db, id),
    receipt: receipt?.id ?? null,
  }
  return { view, version: row.version }
}

async function groupViews(rooms: Rooms, db: Db, row: PlatformRow): Promise<Group[]> {
  const blueprint = await rooms.blueprints(db, row.blueprint_digest)
  const members = await livingMembers(db, row.id)
  return groupsOf(blueprint, parametersOf(row)).map((group) => {
    const own = members.filter((member) => member.group_name === group.name)
    return {
      name: group.name,
      wanted: row.want === 'present' ? group.count : 0,
      ready: own.filter((member) => member.machine_state === 'ready' && member.state === 'in').length,
      members: own.map((member) => ({
        name: `${member.group_name}-${member.ordinal}`,
        incarnation: member.incarnation,
        state: member.state,
        cause: member.cause,
        machine: member.machine,
        machineState: member.machine_state,
        provider: member.provider,
        providerName: member.provider_name,
        zone: member.zone,
        host: member.host,
        address: addressOf(member),
        sshPort: sshEndpoint(member)?.port ?? null,
      })),
    }
  })
}

/** Problems with the machines they carry, in the order given. */
export async function namedProblems(db: Db, rows: readonly ProblemTable[]): Promise<NamedProblem[]> {
  const ids = rows.map(({ id }) => id)
  const carried =
    ids.length === 0
      ? []
      : await db.selectFrom('problem_machines').selectAll().where('problem_id', 'in', ids).orderBy('member').execute()
  return rows.map((row) => ({
    id: row.id,
    subject: row.subject,
    code: row.code,
    detail: row.detail,
    provider: row.provider_id,
    machines: carried
      .filter(({ problem_id }) => problem_id === row.id)
      .map(({ machine_id, member }) => ({ machine: machine_id, member })),
    since: instant(row.since),
    resolutions: resolutionsSchema.parse(JSON.parse(row.resolutions)),
    resolvedAt: instant(row.resolved_at),
    resolution: row.resolution,
  }))
}
