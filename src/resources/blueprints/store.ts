import type { Scope } from '../../access/index.ts'
import { type Blueprint, type BlueprintFiles, parseBlueprint, storedBlueprint } from '../../blueprints/index.ts'
import { appendEvent } from '../../events/index.ts'
import { z } from '../../http/schema.ts'
import { ProblemError } from '../../kernel/problem.ts'
import type { Seams } from '../../kernel/seams.ts'
import type { BlueprintTable, Db, Tx } from '../../store/index.ts'
import { missing } from '../missing.ts'

const filesSchema = z.record(z.string(), z.string())

/** Reads a stored blueprint; platforms pin a digest, so an answer is right for ever and may be kept. */
export function blueprintSource(): (db: Db, digest: string) => Promise<Blueprint> {
  const known = new Map<string, Blueprint>()
  return async (db, digest) => {
    const kept = known.get(digest)
    if (kept) return kept
    const row = await db.selectFrom('blueprints').selectAll().where('digest', '=', digest).executeTakeFirst()
    if (!row) throw new Error(`a platform pins blueprint ${digest}, which is not stored`)
    const blueprint = blueprintOf(row)
    known.set(digest, blueprint)
    return blueprint
  }
}

export function blueprintOf(row: BlueprintTable): Blueprint {
  return storedBlueprint(JSON.parse(row.document), filesOf(row))
}

export function filesOf(row: BlueprintTable): Record<string, string> {
  return filesSchema.parse(JSON.parse(row.files))
}

/**
 * Checks and keeps a blueprint. The same content again is no error and changes nothing; other content under the same
 * name and version throws name_taken, mistakes throw invalid_blueprint.
 */
export async function addBlueprint(
  tx: Tx,
  scope: Pick<Scope, 'actor'>,
  seams: Seams,
  files: BlueprintFiles,
): Promise<{ readonly row: BlueprintTable; readonly isNew: boolean }> {
  const { blueprint, digest } = parseBlueprint(files)
  const { name, version } = blueprint.document
  const same = await tx
    .selectFrom('blueprints')
    .selectAll()
    .where('name', '=', name)
    .where('blueprint_version', '=', version)
    .executeTakeFirst()
  if (same?.digest === digest) return { row: same, isNew: false }
  if (same) throw versionTaken(name, version)
  const row: BlueprintTable = {
    digest,
    name,
    blueprint_version: version,
    document: JSON.stringify(blueprint.document),
    files: JSON.stringify(files),
    created_at: seams.clock.now(),
  }
  await tx.insertInto('blueprints').values(row).execute()
  await appendEvent(tx, seams, {
    kind: 'blueprint.created',
    subject: { kind: 'blueprint', id: `${name}@${version}` },
    actor: scope.actor,
    data: { digest },
  })
  return { row, isNew: true }
}

/** By digest, name@version, or name alone for the newest. Throws not_found, naming what is near. */
export async function findBlueprint(db: Db, _scope: Scope, reference: string): Promise<BlueprintTable> {
  if (/^[0-9a-f]{64}$/.test(reference)) {
    const row = await db.selectFrom('blueprints').selectAll().where('digest', '=', reference).executeTakeFirst()
    return row ?? missing('blueprint', reference)
  }
  const [name = '', version] = reference.split('@')
  const rows = await db.selectFrom('blueprints').selectAll().where('name', '=', name).execute()
  const found = version === undefined ? newest(rows) : rows.find((row) => row.blueprint_version === version)
  if (found) return found
  const versions = rows.map((row) => `${row.name}@${row.blueprint_version}`)
  if (versions.length === 0) return missing('blueprint', reference)
  throw new ProblemError({
    code: 'not_found',
    detail: `There is no ${reference}, but ${versions.join(', ')}.`,
    facts: { blueprint: reference, versions },
    next: 'Name one of these, or leave the version out for the newest.',
  })
}

/** Every version of a blueprint, in no order. */
export function listVersions(db: Db, _scope: Scope, name: string): Promise<BlueprintTable[]> {
  return db.selectFrom('blueprints').selectAll().where('name', '=', name).execute()
}

/**
 * The highest release after `version` that differs from it in the last of its three numbers (`patch`), or in the last two
 * (`minor`). Pre-releases are for those who name them.
 */
export function newerVersion(
  rows: readonly BlueprintTable[],
  version: string,
  within: 'patch' | 'minor',
): BlueprintTable | undefined {
  const fixed = (text: string) => text.split('.').slice(0, within === 'patch' ? 2 : 1)
  const follows = (text: string) =>
    !text.includes('-') && compareVersions(text, version) > 0 && fixed(text).join() === fixed(version).join()
  return newest(rows.filter((row) => follows(row.blueprint_version)))
}

/** All blueprints by name and version after a position, one more than `limit`. */
export function listBlueprints(
  db: Db,
  _scope: Scope,
  request: {
    readonly name?: string | undefined
    readonly after: readonly [string, string] | null
    readonly limit: number
  },
): Promise<BlueprintTable[]> {
  let query = db.selectFrom('blueprints').selectAll()
  if (request.name !== undefined) query = query.where('name', '=', request.name)
  if (request.after) {
    const [name, version] = request.after
    query = query.where((eb) =>
      eb.or([eb('name', '>', name), eb.and([eb('name', '=', name), eb('blueprint_version', '>', version)])]),
    )
  }
  return query
    .orderBy('name')
    .orderBy('blueprint_version')
    .limit(request.limit + 1)
    .execute()
}

/** The highest version: numbers as numbers, a release before its pre-releases. */
function newest(rows: readonly BlueprintTable[]): BlueprintTable | undefined {
  return [...rows].sort((a, b) => compareVersions(b.blueprint_version, a.blueprint_version))[0]
}

function compareVersions(a: string, b: string): number {
  const [mainA = '', preA] = a.split(/-(.*)/)
  const [mainB = '', preB] = b.split(/-(.*)/)
  const byMain = mainA.localeCompare(mainB, 'en', { numeric: true })
  if (byMain !== 0) return byMain
  if (preA === undefined || preB === undefined) return (preA === undefined ? 1 : 0) - (preB === undefined ? 1 : 0)
  return preA.localeCompare(preB, 'en', { numeric: true })
}

function versionTaken(name: string, version: string): ProblemError {
  return new ProblemError({
    code: 'name_taken',
    detail: `There is already a blueprint ${name} ${version} with other content.`,
    facts: { name, version },
    next: 'Raise its version: platforms pin what they were made from.',
  })
}
