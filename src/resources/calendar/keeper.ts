// Looks at the wall clock for those platforms that have something to do with it. Everything it knows is in the database,
// so a process that comes later goes on where another has stopped, and two side by side do nothing twice.

import { ownScope } from '../../access/index.ts'
import type { Store, Tx } from '../../store/index.ts'
import { getPlatform, type PlatformRow } from '../platforms/index.ts'
import type { KeepDeps } from './keep-deps.ts'
import { keepLease } from './keep-lease.ts'
import { keepSchedule } from './keep-schedule.ts'
import { keepUpgrade } from './keep-upgrade.ts'

export interface Keeper extends AsyncDisposable {
  /** Looks at all of them now. For tests. */
  lookNow(): Promise<void>
}

const everyMs = 20_000

export function startKeeper(deps: KeepDeps): Keeper {
  const controller = new AbortController()
  const { signal } = controller
  const looping = loop()
  return {
    lookNow: look,
    async [Symbol.asyncDispose]() {
      controller.abort(new Error('the keeper stops'))
      await looping
    },
  }

  async function loop(): Promise<void> {
    while (!signal.aborted) {
      await deps.seams.clock.sleep(everyMs, signal).catch(() => undefined)
      if (signal.aborted) return
      await look().catch((error: unknown) => {
        if (!signal.aborted) deps.log('schedules, leases and upgrades could not be looked at', { error })
      })
    }
  }

  async function look(): Promise<void> {
    for (const concerned of await find(deps.store)) {
      if (signal.aborted) return
      try {
        const begun = await deps.store.write((tx) => keep(deps, tx, concerned))
        if (begun) deps.wake(concerned.id)
      } catch (error) {
        if (signal.aborted) return
        deps.log('a schedule, lease or upgrade could not be kept', { platform: concerned.id, error })
      }
    }
  }
}

type Concerned = Pick<PlatformRow, 'id' | 'tenant_id' | 'project_id'>

/** None while the installation only reports: what is due is done once its admin has accepted what there is. */
async function find({ read }: Store): Promise<Concerned[]> {
  const { report_only } = await read.selectFrom('installation').select('report_only').executeTakeFirstOrThrow()
  if (report_only !== 0) return []
  return read
    .selectFrom('platforms')
    .select(['id', 'tenant_id', 'project_id'])
    .where('want', '=', 'present')
    .where((where) =>
      where.or([
        where('id', 'in', read.selectFrom('schedules').select('platform_id')),
        where('id', 'in', read.selectFrom('leases').select('platform_id')),
        where('id', 'in', read.selectFrom('auto_upgrades').select('platform_id')),
      ]),
    )
    .orderBy('id')
    .execute()
}

/** One platform, in one transaction. The lease first: what is over needs no schedule, and what sleeps no upgrade. */
async function keep(deps: KeepDeps, tx: Tx, { id, tenant_id, project_id }: Concerned): Promise<boolean> {
  const row = await getPlatform(tx, ownScope(tenant_id, project_id, id), id)
  if (row.want === 'absent') return false
  return (await keepLease(deps, tx, row)) || (await keepSchedule(deps, tx, row)) || keepUpgrade(deps, tx, row)
}
