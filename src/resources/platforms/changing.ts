// A change of what a platform is to be, as it is asked for: by parameters, by the sizes of its groups, by another version of
// its blueprint, by the way back to an earlier wish, or by making all machines anew.

import type { Scope } from '../../access/index.ts'
import { type Blueprint, resolveParameters, type Wish } from '../../blueprints/index.ts'
import { type ChangePreview, changesAnything, formChange, previewChange } from '../../care/index.ts'
import { isAsleep, loadPlatform, openTaskStates, type PlatformView } from '../../engine/index.ts'
import { moveTask } from '../../events/index.ts'
import { z } from '../../http/schema.ts'
import type { Json } from '../../kernel/canonical.ts'
import type { TaskId } from '../../kernel/ids.ts'
import { ProblemError } from '../../kernel/problem.ts'
import type { Db, RevisionTable, Tx } from '../../store/index.ts'
import { findBlueprint } from '../blueprints/index.ts'
import type { Rooms } from '../rooms.ts'
import { createTask } from '../tasks/index.ts'
import { type GroupWish, groupParameters } from './group-wish.ts'
import { previewOrRefuse } from './refusal.ts'
import type { PlatformRow } from './store.ts'

export type ChangeWish =
  | {
      readonly kind: 'change'
      readonly blueprint?: string | undefined
      readonly parameters?: Readonly<Record<string, unknown>> | undefined
      readonly groups?: Readonly<Record<string, GroupWish>> | undefined
    }
  /** To an earlier wish; without a number to the one before. */
  | { readonly kind: 'rollback'; readonly revision?: number | undefined }
  | { readonly kind: 'renew' }

export interface DecidedChange {
  readonly view: PlatformView
  readonly preview: ChangePreview
  readonly digest: string
  readonly blueprintName: string
  readonly kind: ChangeWish['kind']
}

type Needed = Pick<Rooms, 'seams' | 'blueprints' | 'forming'>

/**
 * What would be done. Throws wrong_state, not_found (blueprint, revision), unknown_parameter, invalid_parameter,
 * quota_exceeded, no_capacity, provider_unreachable and provider_denied; writes nothing.
 */
export async function decideChange(
  rooms: Needed,
  db: Db,
  scope: Scope,
  row: PlatformRow,
  wish: ChangeWish,
): Promise<DecidedChange> {
  const view = await changeable(rooms, db, row)
  const wanted = await wantedBy(rooms, db, scope, row, view, wish)
  const revision = view.generation + 1
  const renewedAt = wish.kind === 'renew' ? revision : view.renewedAt
  const previewOf = (from: Db, parameters: Wish['parameters']) =>
    previewChange(from, rooms.forming, view, { revision, blueprint: wanted.blueprint, parameters }, renewedAt)
  // The way back and another set of machines cannot be asked for with less.
  const preview =
    wish.kind === 'change'
      ? await previewOrRefuse(db, { ...wanted, now: view.parameters }, previewOf)
      : await previewOf(db, wanted.parameters)
  return { view, preview, digest: wanted.digest, blueprintName: wanted.name, kind: wish.kind }
}

/** Writes a change and its task, which supersedes those of earlier wishes; null when all is so, or wanted, already. */
export async function requestChange(
  rooms: Needed,
  tx: Tx,
  scope: Scope,
  row: PlatformRow,
  wish: ChangeWish,
): Promise<TaskId | null> {
  const decided = await decideChange(rooms, tx, scope, row, wish)
  const { view, preview, digest, kind } = decided
  const asksNothing = digest === row.blueprint_digest && !changesAnything(preview) && isSame(view, preview)
  if (kind === 'change' && asksNothing) return null
  const asked = { kind, digest, renews: kind === 'renew', actor: scope.actor }
  const generation = await formChange(tx, rooms.forming, view, preview, asked)
  const task = await createTask(tx, scope, rooms.seams, {
    kind: `platform.${kind}`,
    tenant: row.tenant_id,
    project: row.project_id,
    platform: row.id,
    generation,
  })
  await supersedeOthers(rooms, tx, scope, row, task)
  return task
}

function isSame(view: PlatformView, { target }: ChangePreview): boolean {
  const names = new Set([...Object.keys(view.parameters), ...Object.keys(target.parameters)])
  return [...names].every((name) => view.parameters[name] === target.parameters[name])
}

async function supersedeOthers(rooms: Needed, tx: Tx, scope: Scope, row: PlatformRow, task: TaskId): Promise<void> {
  const others = await tx
    .selectFrom('tasks')
    .select('id')
    .where('platform_id', '=', row.id)
    .where('id', '!=', task)
    .where('generation', 'is not', null)
    .where('state', 'in', openTaskStates)
    .execute()
  for (const other of others) {
    const because = { actor: scope.actor, cause: 'another change was asked for' }
    await moveTask(tx, rooms.seams, { task: other.id, to: 'superseded', supersededBy: task, ...because })
  }
}

async function changeable(rooms: Needed, db: Db, row: PlatformRow): Promise<PlatformView> {
  const view = await loadPlatform(db, rooms.blueprints, row.id)
  const goOn =
    view && isAsleep(view)
      ? `Wake it first:  gantry platform wake ${row.name}`
      : row.state === 'paused'
        ? `Go on with it first:  gantry platform resume ${row.name}`
        : null
  if (view && view.want === 'present' && goOn === null) return view
  throw new ProblemError({
    code: 'wrong_state',
    detail: `Platform ${row.name} is ${row.state}; what it is to be cannot be changed now.`,
    facts: { platform: row.id, state: row.state },
    next: goOn ?? 'Create another platform.',
  })
}

interface Wanted {
  readonly blueprint: Blueprint
  readonly digest: string
  readonly name: string
  readonly parameters: Readonly<Record<string, Json>>
}

async function wantedBy(
  rooms: Needed,
  db: Db,
  scope: Scope,
  row: PlatformRow,
  view: PlatformView,
  wish: ChangeWish,
): Promise<Wanted> {
  const same = { name: `${row.blueprint_name}@${row.blueprint_version}`, digest: row.blueprint_digest }
  switch (wish.kind) {
    case 'renew':
      return { ...same, blueprint: view.blueprint, parameters: view.parameters }
    case 'rollback':
      return earlier(rooms, db, row, wish.revision)
    case 'change': {
      const found = wish.blueprint === undefined ? undefined : await otherVersion(db, scope, row, wish.blueprint)
      const digest = found?.digest ?? row.blueprint_digest
      const name = found === undefined ? same.name : `${found.name}@${found.blueprint_version}`
      const blueprint = await rooms.blueprints(db, digest)
      const given = { ...wish.parameters, ...groupParameters(blueprint, wish.groups ?? {}) }
      return {
        blueprint,
        digest,
        name,
        parameters: resolveParameters(blueprint, { ...kept(view, blueprint), ...given }),
      }
    }
    default:
      return wish satisfies never
  }
}

/** What was chosen before, as far as this version still asks for it; the rest takes its defaults. */
function kept(view: PlatformView, blueprint: Blueprint): Record<string, Json> {
  const known = blueprint.document.parameters ?? {}
  return Object.fromEntries(Object.entries(view.parameters).filter(([name]) => Object.hasOwn(known, name)))
}

async function otherVersion(db: Db, scope: Scope, row: PlatformRow, reference: string) {
  const found = await findBlueprint(db, scope, reference)
  if (found.name === row.blueprint_name) return found
  throw new ProblemError({
    code: 'invalid_parameter',
    detail: `Platform ${row.name} is of blueprint ${row.blueprint_name}; it cannot become one of ${found.name}.`,
    facts: { blueprint: reference },
    next: `Name a version of ${row.blueprint_name}, or create another platform.`,
  })
}

const specSchema = z.object({ parameters: z.record(z.string(), z.json()) })

/** Throws not_found for a revision that never was, wrong_state where there is no way back. */
async function earlier(rooms: Needed, db: Db, row: PlatformRow, asked: number | undefined): Promise<Wanted> {
  const rows = await revisionsOf(db, row)
  const now = rows.find(({ number }) => number === row.generation)
  const found = rows.find((one) =>
    asked === undefined
      ? one.number < row.generation && (one.blueprint_digest !== now?.blueprint_digest || one.spec !== now.spec)
      : one.number === asked,
  )
  if (!found) throw noWayBack(row, asked, rows)
  const blueprint = await rooms.blueprints(db, found.blueprint_digest)
  const { parameters } = specSchema.parse(JSON.parse(found.spec))
  const { name, version } = blueprint.document
  return { blueprint, digest: found.blueprint_digest, name: `${name}@${version}`, parameters }
}

function noWayBack(row: PlatformRow, asked: number | undefined, rows: readonly RevisionTable[]): ProblemError {
  const numbers = rows.map(({ number }) => String(number))
  if (asked !== undefined) {
    return new ProblemError({
      code: 'not_found',
      detail: `Platform ${row.name} has no revision ${asked}.`,
      facts: { revision: asked, revisions: numbers },
      next: `See which there are:  gantry platform revisions ${row.name}`,
    })
  }
  return new ProblemError({
    code: 'wrong_state',
    detail: `Platform ${row.name} was never anything else than it is to be now.`,
    facts: { platform: row.id, revisions: numbers },
    next: `See what it was asked to be:  gantry platform revisions ${row.name}`,
  })
}

/** Every wish there was for the platform, the newest first. */
export function revisionsOf(db: Db, row: Pick<PlatformRow, 'id'>): Promise<RevisionTable[]> {
  return db.selectFrom('revisions').selectAll().where('platform_id', '=', row.id).orderBy('number', 'desc').execute()
}
