// A platform that follows the versions of its blueprint by itself: none by default, what its owner allows otherwise. One
// that was tried and did not stay, because it stopped or a person took it back, is not tried again by itself.

import type { Scope } from '../../access/index.ts'
import { windowOpen } from '../../care/index.ts'
import { instant } from '../../http/schema.ts'
import type { PlatformId } from '../../kernel/ids.ts'
import type { AutoUpgradeTable, BlueprintTable, Db, PlatformTable, Tx } from '../../store/index.ts'
import { listVersions, newerVersion } from '../blueprints/index.ts'
import { openTask } from '../tasks/index.ts'
import type { AutoUpgrade, AutoUpgradePut } from './schemas.ts'

/** So long after a refusal it is asked for again, ms. */
const restMs = 3_600_000

/** Sets it, and forgets what was tried: whoever sets it anew wants it tried again. */
export async function setAutoUpgrade(tx: Tx, platform: PlatformId, { follow }: AutoUpgradePut): Promise<void> {
  await tx.deleteFrom('auto_upgrades').where('platform_id', '=', platform).execute()
  if (follow === 'none') return
  await tx
    .insertInto('auto_upgrades')
    .values({ platform_id: platform, follow, tried: null, refused_at: null })
    .execute()
}

type UpgradedPlatform = Pick<PlatformTable, 'id' | 'blueprint_digest' | 'state'>

/** What a platform would become by itself, and why it is not begun now; `waits` is null when it is. */
export interface DueUpgrade {
  readonly to: BlueprintTable
  readonly waits: string | null
}

/** Null when there is nothing newer that it may follow. */
export async function dueUpgrade(
  db: Db,
  scope: Scope,
  row: UpgradedPlatform,
  policy: AutoUpgradeTable,
  now: number,
): Promise<DueUpgrade | null> {
  const from = await db
    .selectFrom('blueprints')
    .select(['name', 'blueprint_version'])
    .where('digest', '=', row.blueprint_digest)
    .executeTakeFirstOrThrow()
  const to = newerVersion(await listVersions(db, scope, from.name), from.blueprint_version, policy.follow)
  return to ? { to, waits: await whyNotNow(db, row, policy, to, now) } : null
}

async function whyNotNow(
  db: Db,
  row: UpgradedPlatform,
  policy: AutoUpgradeTable,
  to: BlueprintTable,
  now: number,
): Promise<string | null> {
  if (policy.tried === to.digest)
    return `${to.blueprint_version} was tried already and did not stay; set this anew to have it tried again`
  if (row.state !== 'ready') return `the platform is ${row.state}; it is begun once it is ready`
  if ((await openTask(db, row.id)) !== null) return 'something else is being done'
  const window = await windowOpen(db, row.id, now)
  if (!window.open) return `its window opens ${instant(window.until) ?? 'never'}`
  const { refused_at } = policy
  // A clock that was ahead must not silence it.
  if (refused_at !== null && now >= refused_at && now < refused_at + restMs)
    return `it was refused; it is asked for again ${instant(refused_at + restMs)}`
  return null
}

export async function showAutoUpgrade(db: Db, scope: Scope, row: UpgradedPlatform, now: number): Promise<AutoUpgrade> {
  const policy = await db.selectFrom('auto_upgrades').selectAll().where('platform_id', '=', row.id).executeTakeFirst()
  if (!policy) return { follow: 'none', next: null, waitsFor: null }
  const due = await dueUpgrade(db, scope, row, policy, now)
  return { follow: policy.follow, next: due?.to.blueprint_version ?? null, waitsFor: due?.waits ?? null }
}
