// The crash sweep: an operation is cut at boundary 0, 1, 2, ... and finished by the next process, until a
// life passes untouched. Every life ends with the same questions to the world.

import { type Life, type LifeOptions, openLife } from './installation.ts'
import type { Operation } from './operations.ts'
import type { Parts } from './process.ts'
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
  operation: Operation,
  at: number | null,
  options: LifeOptions = {},
  parts: Parts = {},
): Promise<LifeReport> {
  await using life = openLife(template, options)
  return await liveThrough(life, operation, at, parts)
}

/** Prepares, acts, dies at boundary `at` of the act, and lets the next process finish. */
export async function liveThrough(
  life: Life,
  operation: Operation,
  at: number | null,
  parts: Parts = {},
): Promise<LifeReport> {
  const first = await life.start(null, parts)
  const platform = await operation.prepare(life, first)
  await first.kill()
  const cut = await life.start(at, parts)
  let diedAt: string | undefined
  const acted = operation.act(life, cut, platform).then(
    () => true,
    () => false,
  )
  const finished = (await life.wait(acted)) && (await cut.run((store) => operation.over(life, store))) === 'done'
  diedAt = finished ? undefined : cut.crash.diedAt
  if (finished) {
    await operation.expect(life, cut.store)
    return { diedAt, boundaries: cut.crash.passed }
  }
  if (diedAt === undefined) throw new Error(`${operation.name} failed without a crash`)
  await cut.kill()
  const next = await life.start(null, parts)
  await life.wait(operation.act(life, next, platform))
  await next.run((store) => operation.over(life, store))
  await operation.expect(life, next.store)
  return { diedAt, boundaries: cut.crash.passed }
}

export interface SweepReport {
  readonly boundaries: number
  readonly lives: number
  /** Boundary kind -> how often a life died at it. */
  readonly kinds: ReadonlyMap<string, number>
}

/** Which boundaries to take: all, or each kind at least once and `sample` more chosen by `seed`. */
export type Choice =
  | { readonly kind: 'all'; readonly shard?: number; readonly shards?: number }
  | { readonly kind: 'sample'; readonly sample: number; readonly seed: number }

export async function sweep(
  template: Template,
  operation: Operation,
  choice: Choice,
  options: LifeOptions = {},
  parts: Parts = {},
): Promise<SweepReport> {
  const { boundaries, kindsAt } = await rehearse(template, operation, options, parts)
  const kinds = new Map<string, number>()
  let lives = 0
  for (const at of chosen(choice, boundaries, kindsAt)) {
    const report = await oneLife(template, operation, at, options, parts).catch((error: unknown) => {
      throw new Error(`${operation.name} cut at boundary ${at} of ${boundaries} (${kindsAt[at]})`, { cause: error })
    })
    lives += 1
    if (report.diedAt !== undefined) kinds.set(report.diedAt, (kinds.get(report.diedAt) ?? 0) + 1)
  }
  return { boundaries, lives, kinds }
}

/** An untouched life, to learn how many boundaries there are and of which kind each is. */
async function rehearse(
  template: Template,
  operation: Operation,
  options: LifeOptions,
  parts: Parts,
): Promise<{ boundaries: number; kindsAt: string[] }> {
  const kindsAt: string[] = []
  const report = await oneLife(
    template,
    operation,
    null,
    { ...options, onBoundary: (what) => kindsAt.push(what) },
    parts,
  )
  return { boundaries: report.boundaries, kindsAt }
}

function chosen(choice: Choice, boundaries: number, kindsAt: readonly string[]): number[] {
  const all = Array.from({ length: boundaries }, (_, at) => at)
  if (choice.kind === 'all') return all.filter((at) => at % (choice.shards ?? 1) === (choice.shard ?? 0))
  const firsts = [...new Set(kindsAt)].map((kind) => kindsAt.indexOf(kind))
  const rest = all.filter((at) => !firsts.includes(at))
  // A multiplicative step visits boundaries all over the life, the same ones for the same seed.
  const sampled = Array.from(
    { length: Math.min(choice.sample, rest.length) },
    (_, i) => rest[(choice.seed + i * 7919) % rest.length] ?? 0,
  )
  return [...new Set([...firsts, ...sampled])].sort((a, b) => a - b)
}
