// Reads everything a run needs to know of its platform, in the transaction that also takes note of the
// wake-up: what is asked for after that wakes it again.

import { z } from 'zod'
import { operationPrefix, type Wish } from '../blueprints/index.ts'
import { type MemberRef, memberRef } from '../blueprints/plan-types.ts'
import type { Json } from '../kernel/canonical.ts'
import { endpointsSchema } from '../kernel/endpoint.ts'
import type { PlatformId } from '../kernel/ids.ts'
import { type Problem, problemSchema } from '../kernel/problem.ts'
import type { MachineTable, MemberTable, PlatformTable, RecordTable } from '../store/schema.ts'
import { statement } from '../store/statement.ts'
import type { Db } from '../store/store.ts'
import { loadHibernation } from './load-hibernation.ts'
import { loadOperations } from './load-operations.ts'
import type { BlueprintSource } from './source.ts'
import type { RecordedAttempt } from './step-kind.ts'
import { loadOpenTasks } from './tasks.ts'
import type { MemberView, OperationView, PlatformView, RecordView } from './view.ts'

const outputsSchema = z.record(z.string(), z.object({ value: z.string(), secret: z.boolean() }))
const toldSchema = z.record(z.string(), z.union([z.string(), z.object({ $secret: z.string() })]))
const addressesSchema = z.array(z.string())
const specSchema = z.object({ parameters: z.record(z.string(), z.json()) })
const founderSchema = z.object({
  member: z.string(),
  founding: z.int().default(1),
  abandoned: z.array(z.string()).default([]),
})

interface ById {
  readonly id: PlatformId
}
const selectPlatform = statement((db, { id }: ById) => db.selectFrom('platforms').selectAll().where('id', '=', id))

/** Undefined when the platform is deleted or was never there. */
export async function loadPlatform(
  db: Db,
  blueprints: BlueprintSource,
  id: PlatformId,
): Promise<PlatformView | undefined> {
  const row = await selectPlatform.first(db, { id })
  if (!row || row.state === 'deleted') return undefined
  const inFlight = await loadInFlight(db, id)
  const members = await loadMembers(db, id)
  const older = row.want === 'absent' ? [] : await loadOlder(db, blueprints, row, members.values())
  const blueprint = await blueprints(db, row.blueprint_digest)
  const { parameters } = specSchema.parse(JSON.parse(row.spec))
  const operations = row.want === 'absent' ? [] : await loadOperations(db, blueprints, id, inFlight.keys())
  return {
    id: row.id,
    tenantId: row.tenant_id,
    projectId: row.project_id,
    name: row.name,
    wish: { revision: row.generation, blueprint, parameters },
    older,
    ...(await loadRollout(db, row)),
    blueprint,
    parameters,
    generation: row.generation,
    want: row.want,
    state: row.state,
    stateReason: row.state_reason,
    readyAt: row.ready_at,
    problem: await loadProblem(db, id),
    unhealthy: await loadUnhealthy(db, id),
    sshSecret: row.ssh_secret,
    outputs: toldSchema.parse(JSON.parse(row.outputs)),
    tasks: await loadOpenTasks(db, id),
    members,
    hibernation: row.want === 'absent' ? null : await loadHibernation(db, id),
    operations,
    records: await loadRecords(db, id, operations),
    ...(await loadFounders(db, id)),
    restarts: await loadRestarts(db, id),
    inFlight,
  }
}

/** What members follow that is not what is wanted now. */
async function loadOlder(
  db: Db,
  blueprints: BlueprintSource,
  { id, generation }: Pick<PlatformTable, 'id' | 'generation'>,
  members: Iterable<MemberView>,
): Promise<Wish[]> {
  const numbers = [...new Set([...members].map((member) => member.revision))].filter((number) => number !== generation)
  if (numbers.length === 0) return []
  const rows = await db
    .selectFrom('revisions')
    .select(['number', 'blueprint_digest', 'spec'])
    .where('platform_id', '=', id)
    .where('number', 'in', numbers)
    .orderBy('number', 'desc')
    .execute()
  const older: Wish[] = []
  for (const { number, blueprint_digest, spec } of rows) {
    const { parameters } = specSchema.parse(JSON.parse(spec))
    older.push({ revision: number, blueprint: await blueprints(db, blueprint_digest), parameters })
  }
  return older
}

const selectRevisions = statement((db, { id, generation }: ById & { generation: number }) =>
  db
    .selectFrom('revisions')
    .select(['number', 'renews', 'settled_at'])
    .where('platform_id', '=', id)
    .where((where) => where.or([where('number', '=', generation), where('renews', '=', 1)])),
)

async function loadRollout(
  db: Db,
  { id, generation, want }: Pick<PlatformTable, 'id' | 'generation' | 'want'>,
): Promise<Pick<PlatformView, 'settled' | 'renewedAt'>> {
  if (want === 'absent') return { settled: true, renewedAt: 0 }
  const rows = await selectRevisions.all(db, { id, generation })
  return {
    settled: rows.find((row) => row.number === generation)?.settled_at !== null,
    renewedAt: Math.max(0, ...rows.filter((row) => row.renews === 1).map((row) => row.number)),
  }
}

const selectMembers = statement((db, { id }: ById) =>
  db
    .selectFrom('members')
    .selectAll()
    .where('platform_id', '=', id)
    .where('state', '!=', 'gone')
    .orderBy('group_name')
    .orderBy('ordinal')
    .orderBy('incarnation'),
)
const selectMachines = statement((db, { id }: ById) =>
  db.selectFrom('machines').selectAll().where('platform_id', '=', id).where('state', '!=', 'deleted'),
)

async function loadMembers(db: Db, id: PlatformId): Promise<Map<MemberRef, MemberView>> {
  const members = await selectMembers.all(db, { id })
  const machines = await selectMachines.all(db, { id })
  const byId = new Map(machines.map((machine) => [machine.id, machine]))
  const views = new Map<MemberRef, MemberView>()
  for (const member of members) {
    const machine = byId.get(member.machine_id)
    if (!machine) throw new Error(`member ${member.id} has no living machine ${member.machine_id}`)
    const view = memberView(member, machine)
    views.set(view.ref, view)
  }
  return views
}

function memberView(member: MemberTable, machine: MachineTable): MemberView {
  const ref = memberRef(member.group_name, member.ordinal, member.incarnation)
  return {
    id: member.id,
    ref,
    name: `${member.group_name}-${member.ordinal}`,
    group: member.group_name,
    ordinal: member.ordinal,
    incarnation: member.incarnation,
    state: member.state,
    cause: member.cause,
    revision: member.revision,
    warmUntil: member.warm_until,
    machine: {
      id: machine.id,
      member: ref,
      providerId: machine.provider_id,
      resourceKey: machine.resource_key,
      spec: machine.spec,
      specHash: machine.spec_hash,
      nativeRef: machine.native_ref,
      state: machine.state,
      zone: machine.zone,
      host: machine.host,
      endpoints: endpointsSchema.parse(JSON.parse(machine.endpoints)),
      addresses: addressesSchema.parse(JSON.parse(machine.addresses)),
      loginUser: machine.login_user,
      hostKey: machine.host_key,
      hostKeySecret: machine.host_key_secret,
      createSentAt: machine.create_sent_at,
      missing: machine.missing_since !== null || machine.ill_since !== null,
    },
  }
}

const selectRecords = statement((db, { id }: ById) =>
  db.selectFrom('records').selectAll().where('platform_id', '=', id).where('key', 'not like', 'op/%'),
)
const selectRecordsLike = statement((db, { id, like }: ById & { like: string }) =>
  db.selectFrom('records').selectAll().where('platform_id', '=', id).where('key', 'like', like),
)

/** Of operations those that run: what is history grows for ever, and nobody asks a run about it. */
async function loadRecords(
  db: Db,
  id: PlatformId,
  operations: readonly OperationView[],
): Promise<Map<string, RecordView>> {
  const rows = [...(await selectRecords.all(db, { id }))]
  for (const { task } of operations)
    rows.push(...(await selectRecordsLike.all(db, { id, like: `${operationPrefix(task)}%` })))
  return new Map(rows.map((row) => [row.key, recordView(row)]))
}

export function recordView(row: RecordTable): RecordView {
  return {
    key: row.key,
    kind: row.kind,
    mode: row.mode,
    member: row.member,
    input: row.input,
    achieved: row.achieved,
    attempting: row.attempting,
    status: row.status,
    outputs: outputsSchema.parse(JSON.parse(row.outputs)),
    suspect: row.suspect,
    attempts: row.attempts,
    firstAttemptAt: row.first_attempt_at,
    deadlineAt: row.deadline_at,
    nextAt: row.next_at,
    reason: row.reason,
    problem: row.problem === null ? null : problemSchema.parse(JSON.parse(row.problem)),
    memo: row.memo === null ? null : parseMemo(row.memo),
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  }
}

function parseMemo(text: string): Json {
  return z.json().parse(JSON.parse(text))
}

const selectProblem = statement((db, { id }: ById) =>
  db
    .selectFrom('problems')
    .select(['code', 'detail'])
    .where('platform_id', '=', id)
    .where('subject', '=', 'platform')
    .where('resolved_at', 'is', null),
)

async function loadProblem(db: Db, id: PlatformId): Promise<Problem | null> {
  const row = await selectProblem.first(db, { id })
  return row ? problemSchema.parse(row) : null
}

const selectUnhealthy = statement((db, { id }: ById) =>
  db
    .selectFrom('problems')
    .select('detail')
    .where('platform_id', '=', id)
    .where('code', '=', 'platform_unhealthy')
    .where('resolved_at', 'is', null),
)

async function loadUnhealthy(db: Db, id: PlatformId): Promise<string | null> {
  const row = await selectUnhealthy.first(db, { id })
  return row?.detail ?? null
}

const selectFounders = statement((db, { id }: ById) =>
  db
    .selectFrom('decisions')
    .select(['subject', 'data'])
    .where('platform_id', '=', id)
    .where('kind', '=', 'founder')
    .orderBy('id'),
)

/** The latest founder decision of each group, and whom all of them gave up. */
async function loadFounders(
  db: Db,
  id: PlatformId,
): Promise<Pick<PlatformView, 'founders' | 'foundings' | 'abandoned'>> {
  const rows = await selectFounders.all(db, { id })
  const decided = rows.map(({ subject, data }) => ({ subject, ...founderSchema.parse(JSON.parse(data)) }))
  return {
    founders: Object.fromEntries(decided.map(({ subject, member }) => [subject, member])),
    foundings: Object.fromEntries(decided.map(({ subject, founding }) => [subject, founding])),
    abandoned: new Set(decided.flatMap(({ abandoned }) => abandoned)),
  }
}

const selectRestarts = statement((db, { id }: ById) =>
  db
    .selectFrom('decisions')
    .select(({ fn }) => ['subject', fn.countAll<number>().as('count')])
    .where('platform_id', '=', id)
    .where('kind', '=', 'restart')
    .groupBy('subject'),
)

async function loadRestarts(db: Db, id: PlatformId): Promise<ReadonlyMap<MemberRef, number>> {
  const rows = await selectRestarts.all(db, { id })
  return new Map(rows.map(({ subject, count }) => [subject, Number(count)]))
}

const selectInFlight = statement((db, { id }: ById) =>
  db.selectFrom('attempts').selectAll().where('platform_id', '=', id).where('ended_at', 'is', null),
)

async function loadInFlight(db: Db, id: PlatformId): Promise<Map<string, RecordedAttempt>> {
  const rows = await selectInFlight.all(db, { id })
  const attempts = new Map<string, RecordedAttempt>()
  for (const row of rows) {
    if (row.executor === null) continue
    attempts.set(row.step_key, {
      id: row.id,
      number: row.number,
      fingerprint: row.fingerprint,
      executor: row.executor,
      machineId: row.machine_id,
      fence: row.fence,
      startedAt: row.started_at,
    })
  }
  return attempts
}
