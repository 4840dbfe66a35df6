// The crash sweep: an operation is cut at boundary 0, 1, 2, ... and finished by the next process, until a
// life passes untouched. Every life ends with the same questions to the world.

import type { PlatformId } from '../../src/kernel/ids.ts'
import type { Store } from '../../src/store/store.ts'
import type { Life, LifeOptions } from './installation.ts'
import { expectEnded } from './invariants.ts'
import type { Operation } from './operations.ts'
import type { Parts } from './process.ts'
import { begin, type MemoryOperation, type Start, startOf } from './start.ts'
import type { Template } from './template.ts'

export interface LifeReport {
  /** What it died at; undefined when the life passed untouched. */
  readonly diedAt: string | undefined
  /** Boundaries of the operation, COUNT; meaningful when it passed untouched. */
  readonly boundaries: number
}

/** One life in memory, cut at boundary `at` of the operation (null: not at all). Throws when an invariant does not hold. */
export async function oneLife(
  template: Template,
  operation: MemoryOperation,
  at: number | null,
  options: LifeOptions = {},
  parts: Parts = {},
): Promise<LifeReport> {
  await using start = await startOf(template, operation, options, parts)
  return await lifeFrom(start, at)
}

async function lifeFrom(start: Start, at: number | null, told?: (boundary: string) => void): Promise<LifeReport> {
  await using begun = await start.begin()
  return await liveOn(begun.life, start.operation, begun.platform, { at, parts: start.parts, ...(told && { told }) })
}

/** Prepares, acts, dies at boundary `at` of the act, and lets the next process finish. */
export async function liveThrough<L extends Life>(
  life: L,
  operation: Operation<L>,
  at: number | null,
  parts: Parts = {},
): Promise<LifeReport> {
  return liveOn(life, operation, await begin(life, operation, parts), { at, parts })
}

interface Cut {
  readonly at: number | null
  readonly parts: Parts
  /** Hears of the boundaries of the process that is cut, and of the next one. */
  readonly told?: (boundary: string) => void
}

async function liveOn<L extends Life>(
  life: L,
  operation: Operation<L>,
  platform: PlatformId | null,
  { at, parts, told }: Cut,
): Promise<LifeReport> {
  const cut = await life.start(at, parts, told)
  let diedAt: string | undefined
  const acted = operation.act(life, cut, platform).then(
    () => true,
    () => false,
  )
  const finished = (await life.wait(acted)) && (await cut.run((store) => operation.over(life, store))) === 'done'
  diedAt = finished ? undefined : cut.crash.diedAt
  if (finished) {
    await expectAll(life, operation, cut.store)
    return { diedAt, boundaries: cut.crash.passed }
  }
  if (diedAt === undefined) throw new Error(`${operation.name} failed without a crash`)
  await cut.kill()
  const next = await life.start(null, parts, told)
  await life.wait(operation.act(life, next, platform))
  await next.run((store) => operation.over(life, store))
  await expectAll(life, operation, next.store)
  return { diedAt, boundaries: cut.crash.passed }
}

export async function expectAll<L extends Life>(life: L, operation: Operation<L>, store: Store): Promise<void> {
  await operation.expect(life, store)
  await operation.expectUnharmed?.(store)
  await expectEnded(store)
}

/** One way to disturb an operation at each of its points; one life a point. */
export interface Way {
  readonly name: string
  /** The kinds of the points of an undisturbed life, in their order. */
  points(start: Start): Promise<readonly string[]>
  /** A life disturbed at point `at`; what happened there, undefined when the life never came to it. Throws as `oneLife`. */
  live(start: Start, at: { readonly index: number; readonly kind: string }): Promise<string | undefined>
}

/** Its process dies, before or after a durable write or a call, and another one goes on. */
export const crashing: Way = {
  name: 'crash',
  async points(start) {
    const kinds: string[] = []
    await lifeFrom(start, null, (what) => kinds.push(what))
    return kinds
  },
  live: async (start, { index }) => (await lifeFrom(start, index)).diedAt,
}

export interface SweepReport {
  readonly boundaries: number
  readonly lives: number
  /** Boundary kind -> how often a life died at it. */
  readonly kinds: ReadonlyMap<string, number>
  /** Whether its lives started from a copy. */
  readonly copied: boolean
}

/**
 * Which boundaries to take: all, or each kind at least once that is not in `visited` yet, which is kept up to date, and
 * `sample` more chosen by `seed`.
 */
export type Choice =
  | { readonly kind: 'all'; readonly shard?: number; readonly shards?: number }
  | { readonly kind: 'sample'; readonly sample: number; readonly seed: number; readonly visited?: Set<string> }

export async function sweep(
  template: Template,
  operation: MemoryOperation,
  choice: Choice,
  options: LifeOptions = {},
  parts: Parts = {},
  way: Way = crashing,
): Promise<SweepReport> {
  await using start = await startOf(template, operation, options, parts)
  const kindsAt = await way.points(start)
  const kinds = new Map<string, number>()
  let lives = 0
  for (const index of chosen(choice, kindsAt)) {
    const kind = kindsAt[index] ?? ''
    const happened = await way.live(start, { index, kind }).catch((error: unknown) => {
      const cut = way === crashing ? 'cut' : way.name
      throw new Error(`${operation.name} ${cut} at boundary ${index} of ${kindsAt.length} (${kind})`, { cause: error })
    })
    lives += 1
    // The guard of the copies: what started where the first life did meets the same things in the same order.
    if (happened !== undefined && happened !== kind)
      throw new Error(`${operation.name}: at ${index} of ${kindsAt.length} there was ${happened}, not ${kind}`)
    if (happened !== undefined) kinds.set(happened, (kinds.get(happened) ?? 0) + 1)
  }
  return { boundaries: kindsAt.length, lives, kinds, copied: start.copied }
}

function chosen(choice: Choice, kindsAt: readonly string[]): number[] {
  const all = kindsAt.map((_, at) => at)
  if (choice.kind === 'all') return all.filter((at) => at % (choice.shards ?? 1) === (choice.shard ?? 0))
  const { visited = new Set() } = choice
  const firsts = [...new Set(kindsAt)].filter((kind) => !visited.has(kind)).map((kind) => kindsAt.indexOf(kind))
  for (const kind of kindsAt) visited.add(kind)
  const rest = all.filter((at) => !firsts.includes(at))
  // A multiplicative step visits boundaries all over the life, the same ones for the same seed.
  const sampled = Array.from(
    { length: Math.min(choice.sample, rest.length) },
    (_, i) => rest[(choice.seed + i * 7919) % rest.length] ?? 0,
  )
  return [...new Set([...firsts, ...sampled])].sort((a, b) => a - b)
}
