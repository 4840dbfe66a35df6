// What was found undone on a machine, written: a named problem at once, and the step due again when the platform's window
// is open or a person said to go on. The engine does the rest, and does nothing while the platform is paused.

import { makeDue } from '../engine/index.ts'
import type { Seams } from '../kernel/seams.ts'
import { statement } from '../store/statement.ts'
import type { Db, Store, Tx } from '../store/store.ts'
import { checkedNoMore, openProblem, type ProblemPlace, resolveProblem } from './problems.ts'
import { lastRetry } from './retry.ts'
import type { Verified } from './verified-steps.ts'
import { windowOpen } from './window.ts'

const code = 'step_drifted'

/** True when the step is due because of it. */
export async function noteDrift(tx: Tx, seams: Seams, verified: Verified, found: string): Promise<boolean> {
  const place: ProblemPlace = { id: verified.platformId, tenantId: verified.tenantId, projectId: verified.projectId }
  const { key, machine } = verified
  const now = seams.clock.now()
  if (!(await isAsAsked(tx, verified))) return false
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

/** Whether it was neither done again nor found undone since, and is still to be verified: else the next check says it. */
async function isAsAsked(tx: Tx, { platformId, key, finishedAt, digest }: Verified): Promise<boolean> {
  const row = await tx
    .selectFrom('records')
    .innerJoin('platforms', 'platforms.id', 'records.platform_id')
    .select(['finished_at', 'blueprint_digest', 'suspect'])
    .where('platform_id', '=', platformId)
    .where('key', '=', key)
    .where('status', '=', 'done')
    .executeTakeFirst()
  return row?.suspect === null && row.finished_at === finishedAt && row.blueprint_digest === digest
}

/** Ends the problems whose step was done again, is no more, or is verified no more by the blueprint its platform follows. */
export async function closeDrift(store: Store, seams: Seams, isVerified: IsVerified): Promise<void> {
  for (const { problem } of await over(store.read, isVerified))
    await store.write(async (tx) => {
      // As it is now: another process may have ended it, and told of another since.
      const row = (await over(tx, isVerified)).find((one) => one.problem === problem)
      if (row) await resolveProblem(tx, seams, row, { ...row, code }, row.why)
    })
}

/** Whether platforms that follow the blueprint of this digest have this step verified. */
type IsVerified = (digest: string, step: string) => boolean

async function over(db: Db, isVerified: IsVerified) {
  return (await selectDrifted.all(db, {})).flatMap((row) => {
    const why = whyOver(row, isVerified)
    return why === null ? [] : [{ ...row, why }]
  })
}

function whyOver(row: Awaited<ReturnType<typeof selectDrifted.all>>[number], isVerified: IsVerified): string | null {
  if (row.status === 'done' && row.suspect === null && (row.finished_at ?? 0) >= row.since) return 'done again'
  if (row.key === null) return 'its step is no more'
  return isVerified(row.digest, row.subject.split('/').at(-1) ?? '') ? null : checkedNoMore
}

const selectDrifted = statement((db) =>
  db
    .selectFrom('problems')
    .innerJoin('platforms', 'platforms.id', 'problems.platform_id')
    .leftJoin('records', (join) =>
      join.onRef('records.platform_id', '=', 'problems.platform_id').onRef('records.key', '=', 'problems.subject'),
    )
    .select(['problems.platform_id as id', 'platforms.tenant_id as tenantId', 'platforms.project_id as projectId'])
    .select([
      'problems.id as problem',
      'blueprint_digest as digest',
      'problems.subject',
      'machine_id as machineId',
      'since',
      'records.key',
      'suspect',
      'finished_at',
      'status',
    ])
    .where('code', '=', code)
    .where((where) => where.or([where('resolved_at', 'is', null), where('resolution', '=', 'ignore')])),
)
