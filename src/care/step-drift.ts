// What was found undone on a machine, written: a named problem at once, and the step due again when the platform's window
// is open or a person said to go on. The engine does the rest, and does nothing while the platform is paused.

import { makeDue } from '../engine/index.ts'
import type { Seams } from '../kernel/seams.ts'
import { statement } from '../store/statement.ts'
import type { Store, Tx } from '../store/store.ts'
import { openProblem, type ProblemPlace, resolveProblem } from './problems.ts'
import { lastRetry } from './retry.ts'
import type { Verified } from './verified-steps.ts'
import { windowOpen } from './window.ts'

const code = 'step_drifted'

/** True when the step is due because of it. */
export async function noteDrift(tx: Tx, seams: Seams, verified: Verified, found: string): Promise<boolean> {
  const place: ProblemPlace = { id: verified.platformId, tenantId: verified.tenantId, projectId: verified.projectId }
  const { key, machine } = verified
  const now = seams.clock.now()
  await openProblem(tx, seams, place, {
    subject: key,
    machineId: machine.id,
    code,
    detail: `${key} was done and is not any more: ${found}.`,
    resolutions: ['retry', 'ignore'],
  })
  const open = await tx
    .selectFrom('problems')
    .select('since')
    .where('platform_id', '=', place.id)
    .where('subject', '=', key)
    .where('code', '=', code)
    .where('resolved_at', 'is', null)
    .executeTakeFirst()
  if (open === undefined) return false
  const may = (await windowOpen(tx, place.id, now)).open || (await lastRetry(tx, place.id)) >= open.since
  if (!may) return false
  const { numUpdatedRows } = await tx
    .updateTable('records')
    .set({ suspect: found })
    .where('platform_id', '=', place.id)
    .where('key', '=', key)
    .where('status', '=', 'done')
    .where('suspect', 'is', null)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return false
  await makeDue(tx, place.id, now)
  return true
}

/** Ends the problems whose step was done again, or whose machine is no member's any more. */
export async function closeDrift(store: Store, seams: Seams): Promise<void> {
  for (const row of await selectDrifted.all(store.read, {})) {
    const again = row.status === 'done' && row.suspect === null && (row.finished_at ?? 0) >= row.since
    if (row.key !== null && !again) continue
    const { subject, machineId } = row
    await store.write((tx) =>
      resolveProblem(tx, seams, row, { subject, machineId, code }, again ? 'done again' : 'its machine is gone'),
    )
  }
}

const selectDrifted = statement((db) =>
  db
    .selectFrom('problems')
    .innerJoin('platforms', 'platforms.id', 'problems.platform_id')
    .leftJoin('records', (join) =>
      join.onRef('records.platform_id', '=', 'problems.platform_id').onRef('records.key', '=', 'problems.subject'),
    )
    .select(['problems.platform_id as id', 'platforms.tenant_id as tenantId', 'platforms.project_id as projectId'])
    .select(['problems.subject', 'machine_id as machineId', 'since', 'records.key', 'suspect', 'finished_at', 'status'])
    .where('code', '=', code)
    .where((where) => where.or([where('resolved_at', 'is', null), where('resolution', '=', 'ignore')])),
)
