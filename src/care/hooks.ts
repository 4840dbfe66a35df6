// What the engine asks of care in its own transactions: decisions before a plan, and freeing what was held
// once the world was seen to be rid of it.

import type { EngineHooks } from '../engine/index.ts'
import { releaseCapacity } from '../placement/index.ts'
import { release, releasePlatform } from '../quota/index.ts'
import { decider } from './decide.ts'
import type { DecideDeps } from './deps.ts'
import { noteStarted } from './restart.ts'
import { slotHolder } from './slot.ts'
import { warmHolder } from './warm.ts'

export function engineHooks(deps: DecideDeps): EngineHooks {
  return {
    decide: decider(deps),
    async machineGone(tx, { platformId, machineId, member, slotFree }) {
      await releaseCapacity(tx, machineId)
      await release(tx, warmHolder(platformId, machineId))
      if (slotFree) await release(tx, slotHolder(platformId, member))
    },
    async machineRuns(tx, { view, member }) {
      await noteStarted(tx, deps.seams, view, member)
    },
    async platformGone(tx, platformId) {
      await releasePlatform(tx, platformId)
    },
  }
}
