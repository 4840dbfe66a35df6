// What waking would do. Quota and the capacity of hosts are kept while a platform hibernates, so what can be in the way is
// what happened meanwhile: machines that are gone, and providers that do not answer.

import { previewMoves } from '../../care/index.ts'
import { isAsleep, loadPlatform, startingOrder } from '../../engine/index.ts'
import { loadHosts } from '../../placement/index.ts'
import type { Db } from '../../store/index.ts'
import type { Rooms } from '../rooms.ts'
import { notAsleep } from './rest.ts'
import type { WakePreview } from './schemas.ts'
import type { PlatformRow } from './store.ts'

/** Throws wrong_state for a platform that neither hibernates nor is about to. */
export async function planWaking(rooms: Pick<Rooms, 'blueprints'>, db: Db, row: PlatformRow): Promise<WakePreview> {
  const view = await loadPlatform(db, rooms.blueprints, row.id)
  if (!view?.hibernation || !isAsleep(view)) throw notAsleep(row)
  const gone = [...view.members.values()].filter(
    ({ machine, state, warmUntil }) => machine.missing && state !== 'leaving' && warmUntil === null,
  )
  const lost = new Set(gone.map(({ ref }) => ref))
  const { moves } = await previewMoves(db, view, gone, await loadHosts(db))
  return {
    machines: startingOrder(view, view.hibernation).filter((ref) => !lost.has(ref)),
    replaced: moves.map(({ member, seat, why }) => ({
      member: member.ref,
      providerName: seat?.providerName ?? null,
      zone: seat?.zone ?? null,
      host: seat?.host ?? null,
      why,
    })),
    inTheWay: await troubles(
      db,
      [...view.members.values()].map(({ machine }) => machine.providerId),
    ),
  }
}

async function troubles(db: Db, providers: readonly string[]): Promise<string[]> {
  const wanted = new Set(providers)
  const rows = await db
    .selectFrom('providers')
    .select(['id', 'name', 'state', 'state_reason'])
    .orderBy('name')
    .execute()
  return rows
    .filter(({ id, state }) => wanted.has(id) && state !== 'healthy')
    .map(
      ({ name, state, state_reason }) =>
        `provider ${name} is ${state}${state_reason === null ? '' : `: ${state_reason}`}`,
    )
}
