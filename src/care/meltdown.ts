// When very much is down at once, it is rarely the machines: a network, a provider's fault, a mistake of ours. Then nothing
// is made anew by itself, because replacing a whole fleet makes such a day worse; a person looks, and says to go on. It is
// counted by provider, as its faults concern all who are there, and by platform, as a mistake in one blueprint or network
// concerns a platform that is a small part of its provider.

import type { PlatformView } from '../engine/index.ts'
import type { PlatformId, ProviderId } from '../kernel/ids.ts'
import type { Tx } from '../store/store.ts'
import type { DecideDeps } from './deps.ts'
import { type MeltdownLimits, usualMeltdown } from './meltdown-limits.ts'
import { openProblem, resolveProblem } from './problems.ts'
import { lastRetry } from './retry.ts'

const named = { subject: 'repair', code: 'meltdown', machineId: null } as const

/** Providers of the platform where nothing of it is repaired now; names the problem and what was counted, and ends it. */
export async function meltedProviders(tx: Tx, deps: DecideDeps, view: PlatformView): Promise<ReadonlySet<ProviderId>> {
  const missing = [...view.members.values()].filter(({ machine, state }) => machine.missing && state !== 'leaving')
  const providers = new Set(missing.map(({ machine }) => machine.providerId))
  const limits = deps.meltdown ?? usualMeltdown
  const asked = await lastRetry(tx, view.id)
  const now = deps.seams.clock.now()
  const known = await tx
    .selectFrom('problems')
    .select(['id', 'since', 'detail'])
    .where('platform_id', '=', view.id)
    .where('code', '=', 'meltdown')
    .where('resolved_at', 'is', null)
    .executeTakeFirst()
  const goesOn = asked > now - limits.windowMs && asked >= (known?.since ?? 0)
  const counted: string[] = []
  const melted = new Set<ProviderId>()
  if (providers.size > 0 && !goesOn) {
    const told = known !== undefined
    const own = tooMany(await countDown(tx, { platform: view.id }, now - limits.windowMs), limits, told)
    if (own !== null) {
      counted.push(`${own} of this platform`)
      for (const provider of providers) melted.add(provider)
    }
    for (const provider of providers) {
      const its = tooMany(await countDown(tx, { provider }, now - limits.windowMs), limits, told)
      if (its === null) continue
      counted.push(`${its} of provider ${await nameOf(tx, provider)}`)
      melted.add(provider)
    }
  }
  if (melted.size === 0) {
    await resolveProblem(tx, deps.seams, view, named, asked > (known?.since ?? 0) ? 'retry' : 'fewer are down')
    return melted
  }
  const detail = `${counted.join(' and ')} went down within ${limits.windowMs / 60_000} minutes, so nothing is repaired by itself. Look at the provider and its network, and at what all of them run; then say to go on:  gantry platform retry ${view.name}`
  if (known === undefined) await openProblem(tx, deps.seams, view, { ...named, detail, resolutions: ['retry'] })
  // The platform's own may be over before its provider's, or come to it.
  else if (known.detail !== detail)
    await tx.updateTable('problems').set({ detail }).where('id', '=', known.id).execute()
  return melted
}

interface Count {
  readonly total: number
  readonly down: number
  /** Of them and of who was replaced since, those that went down within the window. */
  readonly recent: number
}

/** `20 of 30 machines`; null when they are few enough for repair to go on. */
function tooMany({ total, down, recent }: Count, { minimum, fraction }: MeltdownLimits, told: boolean): string | null {
  // Once it is told it stays until fewer are down or a person says so: time alone mends nothing.
  const many = told ? Math.max(down, recent) : recent
  return many <= minimum || many <= fraction * total ? null : `${many} of ${total} machines`
}

async function nameOf(tx: Tx, provider: ProviderId): Promise<string> {
  return (await tx.selectFrom('providers').select('name').where('id', '=', provider).executeTakeFirstOrThrow()).name
}

async function countDown(
  tx: Tx,
  of: { readonly provider: ProviderId } | { readonly platform: PlatformId },
  since: number,
): Promise<Count> {
  const row = await tx
    .selectFrom('machines')
    .select((select) => [
      select.fn.countAll<number>().as('total'),
      select.fn
        .count<number>(
          select
            .case()
            .when(select.or([select('missing_since', 'is not', null), select('ill_since', 'is not', null)]))
            .then(1)
            .end(),
        )
        .as('down'),
      select.fn
        .count<number>(
          select
            .case()
            .when(select.or([select('missing_since', '>', since), select('ill_since', '>', since)]))
            .then(1)
            .end(),
        )
        .as('recent'),
    ])
    .where((where) =>
      'provider' in of ? where('provider_id', '=', of.provider) : where('platform_id', '=', of.platform),
    )
    // Who went down and was replaced meanwhile counts with the others.
    .where((where) =>
      where.or([where('state', '!=', 'deleted'), where('missing_since', '>', since), where('ill_since', '>', since)]),
    )
    .executeTakeFirstOrThrow()
  return { total: Number(row.total), down: Number(row.down), recent: Number(row.recent) }
}
