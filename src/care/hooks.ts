// What the engine asks of care in its own transactions: decisions before a plan, and freeing what was held
// once the world was seen to be rid of it.

import type { EngineHooks } from '../engine/index.ts'
import type { PlatformId } from '../kernel/ids.ts'
import { releaseCapacity } from '../placement/index.ts'
import { release, releasePlatform } from '../quota/index.ts'
import { statement } from '../store/statement.ts'
import { decider } from './decide.ts'
import type { DecideDeps } from './deps.ts'
import { noteStarted } from './restart.ts'
import { slotHolder } from './slot.ts'
import { warmHolder } from './warm.ts'

const anyInSlot = statement(
  (db, { platform, group, ordinal, gone }: { platform: PlatformId; group: string; ordinal: number; gone: 'gone' }) =>
    db
      .selectFrom('members')
      .select('id')
      .where('platform_id', '=', platform)
      .where('group_name', '=', group)
      .where('ordinal', '=', ordinal)
      .where('state', '!=', gone)
      .limit(1),
)

export function engineHooks(deps: DecideDeps): EngineHooks {
  return {
    decide: decider(deps),
    async machineGone(tx, { platform, machine, group, ordinal }) {
      await releaseCapacity(tx, machine)
      await release(tx, warmHolder(platform, machine))
      // Asked of the database: what a run remembers of the platform may be older than a change that filled the slot again.
      if (!(await anyInSlot.first(tx, { platform, group, ordinal, gone: 'gone' })))
        await release(tx, slotHolder(platform, `${group}-${ordinal}`))
    },
    async machineRuns(tx, { view, member }) {
      await noteStarted(tx, deps.seams, view, member)
    },
    async platformGone(tx, platformId) {
      await releasePlatform(tx, platformId)
    },
  }
}
