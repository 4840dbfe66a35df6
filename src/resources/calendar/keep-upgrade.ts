// A new version of a blueprint reaches the platforms that follow it: in their window, by the rollout of any change, whose
// canaries, gates and stop at the first failure are the guard. Once begun it goes through, past the end of the window:
// a platform of two versions for a week is worse than work that takes longer.

import { ownScope } from '../../access/index.ts'
import { openProblem, resolveProblem } from '../../care/index.ts'
import { ProblemError } from '../../kernel/problem.ts'
import type { AutoUpgradeTable, Tx } from '../../store/index.ts'
import { decideChange, type PlatformRow, requestChange } from '../platforms/index.ts'
import { dueUpgrade } from '../terms/index.ts'
import type { KeepDeps } from './keep-deps.ts'
import { tell } from './tell.ts'

/** Why, as its events say. */
const cause = 'it follows its blueprint'

const problem = { subject: 'auto-upgrade', code: 'upgrade_refused', machineId: null } as const

/** True when something was begun: then the engine is to be woken. */
export async function keepUpgrade(deps: KeepDeps, tx: Tx, row: PlatformRow): Promise<boolean> {
  const policy = await tx.selectFrom('auto_upgrades').selectAll().where('platform_id', '=', row.id).executeTakeFirst()
  const scope = ownScope(row.tenant_id, row.project_id, row.id)
  const now = deps.seams.clock.now()
  const due = policy ? await dueUpgrade(tx, scope, row, policy, now) : null
  if (!policy || due === null) {
    await resolveProblem(tx, deps.seams, placeOf(row), problem, 'there is nothing newer that it follows')
    return false
  }
  if (due.waits !== null) return false
  const to = due.to.blueprint_version
  const wish = { kind: 'change', blueprint: `${row.blueprint_name}@${to}` } as const
  const told = { from: row.blueprint_version, to }
  try {
    // Whatever it refuses is refused before anything is written.
    await decideChange(deps, tx, scope, row, wish)
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    await refused(deps, tx, row, to, error, now)
    return false
  }
  await requestChange(deps, tx, scope, row, wish)
  await write(tx, row, { tried: due.to.digest, refused_at: null })
  await resolveProblem(tx, deps.seams, placeOf(row), problem, 'it was begun')
  await tell(deps, tx, row, { kind: 'upgrade.begun', cause, data: told })
  return true
}

async function refused(
  deps: KeepDeps,
  tx: Tx,
  row: PlatformRow,
  to: string,
  error: ProblemError,
  now: number,
): Promise<void> {
  const opened = await openProblem(tx, deps.seams, placeOf(row), {
    ...problem,
    detail: `${row.name} would follow its blueprint to ${to} by itself, and cannot: ${error.detail} It is asked for again every hour of its window.`,
    resolutions: ['ignore'],
  })
  if (opened)
    await tell(deps, tx, row, {
      kind: 'upgrade.refused',
      cause,
      data: { from: row.blueprint_version, to, code: error.code },
    })
  await write(tx, row, { refused_at: now })
}

function placeOf(row: PlatformRow) {
  return { id: row.id, tenantId: row.tenant_id, projectId: row.project_id }
}

async function write(
  tx: Tx,
  row: PlatformRow,
  set: Partial<Pick<AutoUpgradeTable, 'tried' | 'refused_at'>>,
): Promise<void> {
  await tx.updateTable('auto_upgrades').set(set).where('platform_id', '=', row.id).execute()
}
