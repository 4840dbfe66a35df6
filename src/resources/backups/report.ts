// The report of a restored installation, made anew whenever it is asked for: a person decides by what is, not by what was
// when Gantry was started.

import { z } from 'zod'
import { type Comparison, compareProviders } from '../../care/index.ts'
import { instant } from '../../http/schema.ts'
import { canonicalHash } from '../../kernel/canonical.ts'
import { ProblemError } from '../../kernel/problem.ts'
import type { Db } from '../../store/index.ts'
import type { Rooms } from '../rooms.ts'
import type { RestoreReport } from './schemas.ts'

type Report = z.output<typeof RestoreReport>

/** Throws 'wrong_state' when the installation is not in report-only mode. */
export async function restoreReport({ store, sessions }: Rooms, signal: AbortSignal): Promise<Report> {
  const db = store.read
  const { restore_epoch } = await assertReportOnly(db)
  const restored = await lastRestore(db)
  const providers = await compareProviders({ read: db, sessions }, signal)
  const unknownPlatforms = await platformsWithoutRecord(db, providers)
  const gonePlatforms = await platformsWithoutMachines(db, providers)
  const differences = { providers, unknownPlatforms, gonePlatforms }
  return {
    report: canonicalHash(JSON.parse(JSON.stringify(differences))),
    restoredAt: instant(restored.at),
    backupTakenAt: instant(restored.takenAt),
    restoreEpoch: restore_epoch,
    providers: providers.map((provider) => ({ ...provider })) as Report['providers'],
    unknownPlatforms,
    gonePlatforms,
    next: nextOf(providers, gonePlatforms),
  }
}

/** The installation's row. Throws 'wrong_state' unless it only reports. */
export async function assertReportOnly(db: Db) {
  const row = await db.selectFrom('installation').selectAll().executeTakeFirstOrThrow()
  if (row.report_only === 1) return row
  throw new ProblemError({
    code: 'wrong_state',
    detail: 'This installation is not in report-only mode: it was not restored, or its report was accepted.',
    next: 'Nothing is to be accepted; GET /v1/version shows the mode.',
  })
}

const restoredSchema = z.object({ takenAt: z.int() })

async function lastRestore(db: Db): Promise<{ at: number; takenAt: number }> {
  const event = await db
    .selectFrom('events')
    .select(['at', 'data'])
    .where('kind', '=', 'installation.restored')
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow()
  return { at: event.at, takenAt: restoredSchema.parse(JSON.parse(event.data)).takenAt }
}

async function platformsWithoutRecord(db: Db, providers: readonly Comparison[]): Promise<Report['unknownPlatforms']> {
  const objects = new Map<string, number>()
  for (const { unknown } of providers)
    for (const { platform } of unknown) if (platform !== null) objects.set(platform, (objects.get(platform) ?? 0) + 1)
  const rows = await db.selectFrom('platforms').select('id').execute()
  const known = new Set<string>(rows.map((row) => row.id))
  return [...objects]
    .filter(([platform]) => !known.has(platform))
    .map(([platform, count]) => ({ platform, objects: count }))
    .sort((a, b) => (a.platform < b.platform ? -1 : 1))
}

async function platformsWithoutMachines(db: Db, providers: readonly Comparison[]): Promise<Report['gonePlatforms']> {
  const missing = new Map<string, number>()
  for (const comparison of providers)
    for (const { platform } of comparison.missing) missing.set(platform, (missing.get(platform) ?? 0) + 1)
  if (missing.size === 0) return []
  const rows = await db
    .selectFrom('platforms')
    .innerJoin('machines', 'machines.platform_id', 'platforms.id')
    .select(['platforms.id as platform', 'platforms.name'])
    .select((count) => count.fn.countAll<number>().as('machines'))
    .where('platforms.want', '=', 'present')
    .where('machines.state', '!=', 'deleted')
    .where('machines.create_sent_at', 'is not', null)
    .groupBy(['platforms.id', 'platforms.name'])
    .orderBy('platforms.id')
    .execute()
  return rows.filter((row) => missing.get(row.platform) === row.machines)
}

function nextOf(providers: readonly Comparison[], gone: Report['gonePlatforms']): string[] {
  const unread = providers.filter((provider) => provider.fault !== null).map((provider) => provider.name)
  const unknown = providers.some((provider) => provider.unknown.length > 0)
  return [
    'Make sure that the Gantry this backup is of does not run any more: two would work against each other.',
    ...(unread.length > 0 ? [`Not compared: ${unread.join(', ')}. Read the report again once they answer.`] : []),
    ...(unknown ? ['What is unknown is removed 10 minutes after acceptance: save what is needed of it first.'] : []),
    ...gone.map(({ name }) => `${name} would be made anew. If it was deleted:  gantry platform delete ${name}`),
    'Then accept it:  gantry restore accept',
  ]
}
