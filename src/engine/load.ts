// Reads everything a run needs to know of its platform, in the transaction that also takes note of the
// wake-up: what is asked for after that wakes it again.

import { z } from 'zod'
import type { PlatformId } from '../kernel/ids.ts'
import { type Problem, problemSchema } from '../kernel/problem.ts'
import { statement } from '../store/statement.ts'
import type { Db } from '../store/store.ts'
import { loadFounders, loadRestarts } from './load-decided.ts'
import { loadHibernation } from './load-hibernation.ts'
import { loadMembers } from './load-members.ts'
import { loadOperations } from './load-operations.ts'
import { loadRecords } from './load-records.ts'
import { loadOlder, loadRollout, parametersOf } from './load-wishes.ts'
import type { BlueprintSource } from './source.ts'
import type { RecordedAttempt } from './step-kind.ts'
import { loadOpenTasks } from './tasks.ts'
import type { PlatformView } from './view.ts'

const toldSchema = z.record(z.string(), z.union([z.string(), z.object({ $secret: z.string() })]))

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
  const parameters = parametersOf(row.spec)
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
