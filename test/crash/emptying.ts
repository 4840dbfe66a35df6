// A host is emptied, cut at every boundary: its machines end up elsewhere, each once, and it is told that it is empty.

import { startMaintenance } from '../../src/care/index.ts'
import type { Store } from '../../src/store/store.ts'
import { expectBuilt } from './invariants.ts'
import { built, found, isReady, type Operation, type Shape } from './operations.ts'

/** Puts the host of `slot` in maintenance. */
export function emptied(shape: Shape, slot: string): Operation {
  return {
    name: `empty the host of ${slot}`,
    prepare: (_life, process) => built(process, shape),
    async act(_life, process, platform) {
      if (platform === null) return
      await process.request(platform, async (tx) => {
        // A request that was not acknowledged is asked again, for the same host.
        const asked = await tx.selectFrom('maintenances').select('id').executeTakeFirst()
        if (asked) return
        const { provider_id: provider, host } = await tx
          .selectFrom('machines')
          .select(['provider_id', 'host'])
          .where('member', '=', `${slot}@1`)
          .executeTakeFirstOrThrow()
        if (host === null) throw new Error(`${slot} is on no host`)
        await startMaintenance(tx, process.seams, { provider, host }, { actor: 'test', reason: null })
      })
    },
    over: async (_life, store) => (await emptyHost(store)) !== null && (await isReady(store, shape.machines)),
    async expect(life, store) {
      await expectBuilt(life, store, await found(store), shape.machines)
      const there = store.read.selectFrom('machines').select('member').where('state', '!=', 'deleted')
      const left = await there.where('host', '=', await emptyHost(store)).execute()
      if (left.length > 0) throw new Error(`${left.map(({ member }) => member).join()} are still there`)
      const successors = await store.read
        .selectFrom('members')
        .select('id')
        .where('cause', '=', 'maintenance')
        .execute()
      if (successors.length === 0) throw new Error('nobody was moved')
    },
  }
}

async function emptyHost(store: Store): Promise<string | null> {
  const row = store.read.selectFrom('maintenances').select('host').where('emptied_at', 'is not', null)
  return (await row.executeTakeFirst())?.host ?? null
}
