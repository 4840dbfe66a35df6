// What a session is opened from: the row, its secrets, and the kind's own reading of it.

import type { ProviderId } from '../../kernel/ids.ts'
import { ProviderFault } from '../../provider/fault.ts'
import type { Kinds, SessionsOptions } from '../../provider/registry.ts'
import type { Vault } from '../../secrets/index.ts'
import { type Store, statement } from '../../store/index.ts'
import { identityOf, rateLimitOf } from './columns.ts'
import { openConfig } from './config.ts'

// Asked before every call to a provider.
const selectProvider = statement((db, { provider }: { provider: ProviderId }) =>
  db
    .selectFrom('providers')
    .select(['name', 'kind', 'config', 'version', 'facts', 'rate_limit'])
    .where('id', '=', provider)
    .where('deleted_at', 'is', null),
)

/** The `load` of openSessions. */
export function loadProvider(store: Store, vault: Vault, kinds: Kinds): SessionsOptions['load'] {
  return async (provider, known) => {
    const row = await selectProvider.first(store.read, { provider })
    if (!row) return undefined
    if (row.version === known) return 'unchanged'
    const kind = await kinds.get(row.kind)
    if (!kind) {
      throw new ProviderFault({ kind: 'rejected', outcome: 'none' }, `no provider kind ${row.kind} is installed`)
    }
    const parsed = kind.config.safeParse(await openConfig(store.read, vault, row.config))
    if (parsed.success) {
      return {
        name: row.name,
        kind: row.kind,
        config: parsed.data,
        version: row.version,
        identity: identityOf(row),
        rateLimit: rateLimitOf(row),
      }
    }
    throw new ProviderFault(
      { kind: 'rejected', outcome: 'none' },
      `its configuration does not fit this version of ${row.kind}: ${parsed.error.message}`,
    )
  }
}
