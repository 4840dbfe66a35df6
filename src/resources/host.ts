import { authenticate, authorize, nobody } from '../access/index.ts'
import type { Host } from '../http/router.ts'
import type { GantryKit } from './endpoint.ts'
import { idempotencyStore } from './idempotency-store.ts'
import type { Rooms } from './rooms.ts'

/** What http asks of the house, answered by its rooms. */
export function hostOf(rooms: Rooms): Host<GantryKit> {
  const { store, seams, log, closing } = rooms
  return {
    world: rooms,
    seams,
    log,
    nobody,
    closing,
    idempotency: idempotencyStore(store, seams),
    write: (work) => store.write(work),
    async authenticate(bearer) {
      const actor = await authenticate(store.read, bearer)
      return { name: actor.id, authorize: (permission, target) => authorize(store.read, actor, permission, target) }
    },
  }
}
