// Gantry itself is restored from a backup that is older than its world, and its report accepted, cut at every boundary:
// what was replaced meanwhile is replaced again under names never used, and what nobody knows is removed.

import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { acceptRestore } from '../../src/resources/backups/accept.ts'
import { takeBackup } from '../../src/resources/backups/backup.ts'
import { restoreInto } from '../../src/resources/backups/index.ts'
import { masterKeyPrint } from '../../src/secrets/index.ts'
import type { Store } from '../../src/store/store.ts'
import { isSucceeded } from './harm.ts'
import type { MemoryLife } from './installation.ts'
import { expectBuilt } from './invariants.ts'
import { built, found, isReady, type Shape } from './operations.ts'
import type { Process } from './process.ts'
import type { MemoryOperation } from './start.ts'
import { masterKey } from './template.ts'

/** `slot` was replaced after the backup was taken. */
export function restored(shape: Shape, slot: string): MemoryOperation {
  return {
    name: 'restore of a backup is accepted',
    // What nobody knows is watched for ten minutes: with fewer looks there is less to cut.
    standing: { scanEveryMs: 60_000 },
    async prepare(life, process) {
      const platform = await built(process, shape)
      const backup = await backedUp(life, process)
      await life.vanish(slot)
      await life.wait(process.care.scanNow())
      await process.run(async (store) => (await isSucceeded(store, slot)) && (await isReady(store, shape.machines)))
      await process.kill()
      await putBack(life, backup)
      return platform
    },
    async act(_life, process) {
      const { due } = await process.store.write(async (tx) => {
        const { report_only } = await tx.selectFrom('installation').select('report_only').executeTakeFirstOrThrow()
        if (report_only === 0) return { due: [] }
        return acceptRestore(tx, process.seams, { actor: 'test', report: 'as it was read' })
      })
      for (const platform of due) process.engine.wake(platform)
    },
    over: async (life, store) =>
      (await isSucceeded(store, slot, 1001)) &&
      (await isReady(store, shape.machines)) &&
      (await life.living()).length === shape.machines,
    async expect(life, store) {
      await expectBuilt(life, store, await found(store), shape.machines)
      await expectEpoch(store)
    },
  }
}

/** The key is kept apart, as it should be. */
async function backedUp(life: MemoryLife, { store, seams }: Process) {
  const folder = mkdtempSync(join(dirname(life.path), 'backup-'))
  const [file, key] = [join(folder, 'gantry.backup'), join(folder, 'key')]
  const info = {
    version: '0.1.0',
    database: 'sqlite',
    startedAt: 0,
    masterKeyPrint: masterKeyPrint(masterKey),
  } as const
  const pieces = await life.wait(Array.fromAsync(takeBackup({ store, seams, info }, 'test')))
  writeFileSync(file, Buffer.concat(pieces))
  writeFileSync(key, `${Buffer.from(masterKey).toString('base64')}\n`, { mode: 0o600 })
  return { file, folder: join(folder, 'data'), masterKey: key }
}

/** The life goes on with what was backed up. */
async function putBack(life: MemoryLife, backup: Parameters<typeof restoreInto>[0]): Promise<void> {
  await life.wait(restoreInto(backup, life.clock.life().seams))
  for (const tail of ['', '-wal', '-shm']) rmSync(life.path + tail, { force: true })
  copyFileSync(join(backup.folder, 'gantry.db'), life.path)
}

/** Accepted once: each acceptance begins an epoch. */
async function expectEpoch(store: Store): Promise<void> {
  const { restore_epoch } = await store.read
    .selectFrom('installation')
    .select('restore_epoch')
    .executeTakeFirstOrThrow()
  if (restore_epoch !== 2) throw new Error(`the epoch is ${restore_epoch}`)
}
