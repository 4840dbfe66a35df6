// When very much is down at once, it is rarely the machines: a network, a provider's fault, a mistake of ours. Then nothing
// is made anew by itself, because replacing a whole fleet makes such a day worse; a person looks, and says to go on.

import type { PlatformView } from '../engine/index.ts'
import type { Tx } from '../store/store.ts'
import type { DecideDeps } from './deps.ts'
import { usualMeltdown } from './meltdown-limits.ts'
import { openProblem, resolveProblem } from './problems.ts'
import { lastRetry } from './retry.ts'

const named = { subject: 'repair', code: 'meltdown', machineId: null } as const

/** Providers of the platform where so much is down that nothing of it is repaired now; names the problem, and ends it. */
export async function meltedProviders(tx: Tx, deps: DecideDeps, view: PlatformView): Promise<ReadonlySet<string>> {
  const missing = [...view.members.values()].filter(({ machine, state }) => machine.missing && state !== 'leaving')
  const providers = new Set(missing.map(({ machine }) => machine.providerId))
  const limits = deps.meltdown ?? usualMeltdown
  const asked = await lastRetry(tx, view.id)
  const now = deps.seams.clock.now()
  const melted = new Map<string, string>()
  const known = await tx
    .selectFrom('problems')
    .select('since')
    .where('platform_id', '=', view.id)
    .where('code', '=', 'meltdown')
    .where('resolved_at', 'is', null)
    .executeTakeFirst()
  for (const provider of providers) {
    const { down, recent, total } = await countDown(tx, provider, now - limits.windowMs)
    // Once it is told it stays until fewer are down or a person says so: time alone mends nothing.
    const many = known === undefined ? recent : Math.max(down, recent)
    if (many <= limits.minimum || many <= limits.fraction * total) continue
    if (asked > now - limits.windowMs && asked >= (known?.since ?? 0)) continue
    melted.set(provider, `${many} of ${total} machines`)
  }
  if (melted.size === 0) {
    await resolveProblem(tx, deps.seams, view, named, asked > (known?.since ?? 0) ? 'retry' : 'fewer are down')
    return new Set()
  }
  await openProblem(tx, deps.seams, view, {
    ...named,
    detail: `${[...melted.values()].join(' and ')} of its provider went down within ${limits.windowMs / 60_000} minutes, so nothing is repaired by itself. Look at the provider and its network; then say to go on:  gantry platform retry ${view.name}`,
    resolutions: ['retry'],
  })
  return new Set(melted.keys())
}

async function countDown(tx: Tx, provider: string, since: number) {
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
    .where('provider_id', '=', provider as never)
    // Who went down and was replaced meanwhile counts with the others.
    .where((where) =>
      where.or([where('state', '!=', 'deleted'), where('missing_since', '>', since), where('ill_since', '>', since)]),
    )
    .executeTakeFirstOrThrow()
  return { total: Number(row.total), down: Number(row.down), recent: Number(row.recent) }
}
