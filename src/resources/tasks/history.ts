// How long others took, for those who ask how long it will be. Told over all tenants, as numbers that name none.

import { z } from '../../http/schema.ts'
import type { PlatformId } from '../../kernel/ids.ts'
import type { Db } from '../../store/index.ts'
import type { Rooms } from '../rooms.ts'
import { simulatedKinds } from '../simulated.ts'
import type { UsualTime } from './schemas.ts'

export interface Likeness {
  /** Name of the blueprint. */
  readonly blueprint: string
  /** Of the task. */
  readonly kind: string
  /** Kinds of the providers of its machines: simulated machines and real ones are never mixed. */
  readonly providerKinds: readonly string[]
}

const kindsSchema = z.array(z.string())

/** Seconds from start to end of the same kind of task on the same blueprint; null: none was done here yet. */
export async function usualTime(rooms: Pick<Rooms, 'kinds'>, db: Db, like: Likeness): Promise<UsualTime | null> {
  const rows = await db
    .selectFrom('durations')
    .select(['provider_kinds', 'seconds'])
    .where('blueprint', '=', like.blueprint)
    .where('kind', '=', like.kind)
    .execute()
  const read = rows.map((row) => ({ seconds: row.seconds, kinds: kindsSchema.parse(JSON.parse(row.provider_kinds)) }))
  const simulated = await simulatedKinds(rooms, [...like.providerKinds, ...read.flatMap(({ kinds }) => kinds)])
  const isSimulated = (kinds: readonly string[]) => kinds.some((kind) => simulated.has(kind))
  const wanted = isSimulated(like.providerKinds)
  return quantiles(read.filter(({ kinds }) => isSimulated(kinds) === wanted).map(({ seconds }) => seconds))
}

/** By the nearest rank: every answer is a time that was really taken. Null of nothing. */
export function quantiles(seconds: readonly number[]): UsualTime | null {
  const sorted = seconds.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
  const p50 = at(0.5)
  const p90 = at(0.9)
  return p50 === undefined || p90 === undefined ? null : { p50, p90, samples: sorted.length }
}

/** Kinds of the providers with these ids. */
export async function kindsOf(db: Db, providers: Iterable<string>): Promise<string[]> {
  const wanted = new Set(providers)
  const rows = await db.selectFrom('providers').select(['id', 'kind']).execute()
  return rows.filter(({ id }) => wanted.has(id)).map(({ kind }) => kind)
}

/** How long tasks like this one took; null without history. */
export async function usualOf(
  rooms: Pick<Rooms, 'kinds'>,
  db: Db,
  task: { readonly kind: string; readonly platform_id: PlatformId },
): Promise<UsualTime | null> {
  const machines = await db
    .selectFrom('platforms')
    .innerJoin('blueprints', 'blueprints.digest', 'platforms.blueprint_digest')
    .innerJoin('machines', 'machines.platform_id', 'platforms.id')
    .innerJoin('providers', 'providers.id', 'machines.provider_id')
    .select(['blueprints.name', 'providers.kind'])
    .distinct()
    .where('platforms.id', '=', task.platform_id)
    .execute()
  const blueprint = machines[0]?.name
  if (blueprint === undefined) return null
  const like = { blueprint, kind: task.kind, providerKinds: machines.map(({ kind }) => kind) }
  return usualTime(rooms, db, like)
}

/**
 * When a task that runs is likely to end, ms since 1970; null while it does not run, without history, and when it takes
 * longer than half of them did: then nobody knows.
 */
export function likelyEnd(
  task: { readonly state: string; readonly started_at: number | null },
  usual: UsualTime | null,
  now: number,
): number | null {
  if (task.state !== 'running' || task.started_at === null || usual === null) return null
  const end = task.started_at + Math.round(usual.p50 * 1000)
  return end > now ? end : null
}
