// A session with the one looker that belongs to it: looks of many steps become few calls only if they share it.

import type { ProviderId } from '../kernel/ids.ts'
import type { Session } from './contract.ts'
import { type Looker, lookerOver } from './look.ts'
import type { Sessions } from './registry.ts'

/** Opens sessions with their lookers. */
export function providersOver(sessions: Sessions) {
  const lookers = new WeakMap<Session, Looker>()
  return {
    async open(id: ProviderId): Promise<{ readonly session: Session; readonly looker: Looker }> {
      const session = await sessions.get(id)
      const looker = lookers.get(session) ?? lookerOver(session)
      lookers.set(session, looker)
      return { session, looker }
    },
  }
}
