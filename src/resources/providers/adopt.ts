// Providers of before identities were kept take the one their server shows first.

import { appendEvent } from '../../events/index.ts'
import type { Seams } from '../../kernel/seams.ts'
import type { SessionsOptions } from '../../provider/registry.ts'
import type { Store } from '../../store/index.ts'
import { identifiedFacts, identityOf } from './columns.ts'

/** The `adopt` of openSessions. The version stays: for the sessions that are open nothing changes. */
export function adoptIdentity(store: Store, seams: Seams): SessionsOptions['adopt'] {
  return (provider, identity) =>
    store.write(async (tx) => {
      const row = await tx.selectFrom('providers').select('facts').where('id', '=', provider).executeTakeFirstOrThrow()
      const known = identityOf(row)
      if (known !== null) return known
      await tx
        .updateTable('providers')
        .set({ facts: identifiedFacts(row, identity) })
        .where('id', '=', provider)
        .execute()
      await appendEvent(tx, seams, {
        kind: 'provider.probed',
        subject: { kind: 'provider', id: provider },
        actor: 'gantry',
        cause: 'its server was identified for the first time',
        data: { identity },
      })
      return identity
    })
}
