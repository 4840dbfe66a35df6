// A change of a provider in two parts: first everything that speaks to it, then one transaction that writes.

import type { z } from 'zod'
import type { Scope } from '../../access/index.ts'
import { retryBlocked } from '../../engine/index.ts'
import { appendEvent } from '../../events/index.ts'
import { requireMatch } from '../../http/etag.ts'
import type { PlatformId, ProviderId } from '../../kernel/ids.ts'
import { ProblemError } from '../../kernel/problem.ts'
import { ourUseOf, saveInventory } from '../../placement/index.ts'
import type { ProviderTable, Tx } from '../../store/index.ts'
import type { Rooms } from '../rooms.ts'
import { type Checked, checkProvider } from './check.ts'
import { factsText, imagesOf } from './columns.ts'
import { type ConfigInput, checkConfig, destroySecrets, openConfig, readConfig, sealConfig } from './config.ts'
import { findKind } from './kinds.ts'
import { checkPrices } from './prices.ts'
import { requireSameServer } from './same-server.ts'
import type { ProviderPatch } from './schemas.ts'
import { getProvider, updateProvider } from './store.ts'

/** Writes the change; `wake` names the platforms that may go on after the commit. */
type Write = (tx: Tx) => Promise<{ readonly row: ProviderTable; readonly wake: readonly PlatformId[] }>

interface PatchCall {
  readonly scope: Scope
  readonly ifMatch: string | undefined
  readonly params: { readonly provider: ProviderId }
  readonly body: z.output<typeof ProviderPatch>
}

/** Checks what is asked for at the provider, and gives the function that writes it. */
export async function patchProvider(rooms: Rooms, call: PatchCall): Promise<Write> {
  const { body, scope } = call
  const read = await getProvider(rooms.store.read, scope, call.params.provider)
  requireMatch(call.ifMatch, read.version)
  checkPrices(rooms.config, body.prices)
  const kind = await findKind(rooms.kinds, read.kind)
  const before = await openConfig(rooms.store.read, rooms.vault, read.config)
  const config = body.config ? merged(before, body.config) : before
  let checked: Checked | undefined
  if (body.config ?? body.images ?? body.acceptIdentity) {
    checkConfig(kind, config)
    checked = await checkProvider(rooms, { name: read.name, kind, config, images: body.images ?? imagesOf(read) })
  }

  return async (tx) => {
    const row = await getProvider(tx, scope, call.params.provider)
    if (row.version !== read.version) throw changedMeanwhile(row.name)
    if (checked) await requireSameServer(tx, rooms.seams, scope, row, checked.health.identity, body.acceptIdentity)
    const now = rooms.seams.clock.now()
    const sealed = body.config
      ? await sealConfig(tx, rooms.vault, kind, config, { sealed: readConfig(row.config), open: before })
      : undefined
    const next = await updateProvider(tx, scope, rooms.seams, {
      ...row,
      name: body.name ?? row.name,
      config: sealed ? JSON.stringify(sealed) : row.config,
      images: body.images ? JSON.stringify(body.images) : row.images,
      overcommit: body.overcommit ? JSON.stringify(body.overcommit) : row.overcommit,
      ...(body.rateLimit === undefined ? {} : { rate_limit: body.rateLimit && JSON.stringify(body.rateLimit) }),
      ...(body.prices === undefined ? {} : { prices: body.prices && JSON.stringify(body.prices) }),
      labels: body.labels ? JSON.stringify(body.labels) : row.labels,
      ...(checked ? { facts: factsText(checked) } : {}),
      ...(checked && row.state !== 'healthy' ? { state: 'healthy', state_since: now, state_reason: null } : {}),
    })
    await destroySecrets(tx, rooms.vault, row.config, next.config)
    if (next.state !== row.state) {
      await appendEvent(tx, rooms.seams, {
        kind: 'provider.state',
        subject: { kind: 'provider', id: row.id },
        from: row.state,
        to: next.state,
        actor: scope.actor,
        cause: 'checked with its new configuration',
      })
    }
    if (checked) await saveInventory(tx, rooms.seams, row.id, checked.hosts, await ourUseOf(tx, row.id))
    return { row: next, wake: await retryOn(rooms, tx, row.id, scope.actor) }
  }
}

/** What was blocked by the provider is tried again when the provider changes. */
async function retryOn(rooms: Rooms, tx: Tx, provider: ProviderId, actor: string): Promise<PlatformId[]> {
  const rows = await tx
    .selectFrom('machines')
    .select('platform_id')
    .distinct()
    .where('provider_id', '=', provider)
    .where('state', '!=', 'deleted')
    .execute()
  for (const { platform_id } of rows) {
    await retryBlocked(tx, rooms.seams, platform_id, { actor, cause: 'the provider was changed' })
  }
  return rows.map((row) => row.platform_id)
}

/** Fields named are set, null removes one, the others stay. */
function merged(before: ConfigInput, change: ConfigInput): ConfigInput {
  const next = { ...before, ...change }
  for (const [field, value] of Object.entries(change)) if (value === null) delete next[field]
  return next
}

function changedMeanwhile(name: string): ProblemError {
  return new ProblemError({
    code: 'conflict',
    detail: `Provider ${name} was changed by somebody else while this change was being checked.`,
    next: 'Read it again, and repeat the change if it is still wanted.',
  })
}
