// Whoever is refused for want of quota or capacity is told what is missing, who has it, and what would be admitted.

import type { Blueprint } from '../../blueprints/index.ts'
import { z } from '../../http/schema.ts'
import type { Json } from '../../kernel/canonical.ts'
import type { PlatformId, ProjectId } from '../../kernel/ids.ts'
import { ProblemError } from '../../kernel/problem.ts'
import { amountText, reservationsOfProject } from '../../quota/index.ts'
import type { Db } from '../../store/index.ts'
import { lesserWishes } from './lesser.ts'

/** Of a thousand platforms, those that matter. */
const mostUsers = 20

const amountsSchema = z.record(z.string(), z.number())

/** A refusal that knows what was asked for, so that outside the transaction it can be asked what would do. */
class WishRefused extends ProblemError {
  readonly lesser: (db: Db) => Promise<string[]>

  constructor(refusal: ProblemError, lesser: WishRefused['lesser']) {
    super(refusal.toProblem(), { cause: refusal })
    this.lesser = lesser
  }
}

function refusalOf(error: ProblemError, lesser: WishRefused['lesser']): WishRefused {
  return new WishRefused(error, lesser)
}

/** What is asked for, as far as it can be asked for with less. */
interface Asked {
  readonly blueprint: Blueprint
  readonly parameters: Readonly<Record<string, Json>>
  /** What it is already, of a platform that is there. */
  readonly now?: Readonly<Record<string, Json>>
}

/** What `preview` says of it. Throws what that throws, quota_exceeded and no_capacity ready for explainRefusal. */
export async function previewOrRefuse<T>(
  db: Db,
  asked: Asked,
  preview: (from: Db, parameters: Asked['parameters']) => Promise<T>,
): Promise<T> {
  try {
    return await preview(db, asked.parameters)
  } catch (error) {
    if (!isWant(error)) throw error
    throw refusalOf(error, (later) =>
      lesserWishes(
        asked.blueprint,
        asked.parameters,
        async (parameters) => {
          try {
            await preview(later, parameters)
            return true
          } catch (refused) {
            if (refused instanceof ProblemError) return false
            throw refused
          }
        },
        asked.now,
      ),
    )
  }
}

function isWant(error: unknown): error is ProblemError {
  return error instanceof ProblemError && (error.code === 'quota_exceeded' || error.code === 'no_capacity')
}

/** A refusal for want of quota or capacity, with who has what of it and what would be admitted instead. */
export async function explainRefusal(
  db: Db,
  project: ProjectId,
  error: unknown,
  nothing = 'Nothing was created.',
): Promise<unknown> {
  if (!isWant(error)) return error
  const would = error instanceof WishRefused ? await error.lesser(db) : []
  const usedBy = error.code === 'quota_exceeded' ? await usersOf(db, project, error.facts?.key) : []
  const facts = {
    ...error.facts,
    ...(usedBy.length > 0 ? { usedBy } : {}),
    ...(would.length > 0 ? { wouldFitWith: would } : {}),
  }
  const detail = `${error.detail} ${nothing}`
  const next = would.length > 0 ? adviceOf(error, would) : error.next
  return new ProblemError({ ...error.toProblem(), detail, facts, next }, { cause: error })
}

function adviceOf({ code }: ProblemError, would: readonly string[]): string {
  const either = would.join(', or with ')
  return code === 'no_capacity'
    ? `It would fit with ${either}; or ask an infra-admin for capacity.`
    : `Ask a tenant-admin for a larger share, or ask for less: it would fit with ${either}.`
}

/** Who draws how much of the key, by name, those with most first: `team-c 3`. */
async function usersOf(db: Db, project: ProjectId, key: unknown): Promise<string[]> {
  if (typeof key !== 'string') return []
  const used = new Map<PlatformId, number>()
  for (const { platform, amounts } of await reservationsOfProject(db, project)) {
    const amount = amountsSchema.parse(JSON.parse(amounts))[key] ?? 0
    if (platform !== null && amount > 0) used.set(platform, (used.get(platform) ?? 0) + amount)
  }
  const most = [...used].sort((a, b) => b[1] - a[1]).slice(0, mostUsers)
  if (most.length === 0) return []
  const rows = await db
    .selectFrom('platforms')
    .select(['id', 'name'])
    .where(
      'id',
      'in',
      most.map(([id]) => id),
    )
    .execute()
  const names = new Map(rows.map((row) => [row.id, row.name]))
  return most.map(([id, amount]) => `${names.get(id) ?? id} ${amountText(key, amount)}`)
}
