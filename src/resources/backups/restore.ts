// A backup becomes the data folder of another Gantry, which begins in report-only mode. Everything is checked before
// anything is written, and the database has its name only when it is whole: a restore that was cut is begun again.

import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { appendEvent } from '../../events/index.ts'
import { makeFolder } from '../../kernel/folder.ts'
import { ProblemError } from '../../kernel/problem.ts'
import type { Seams } from '../../kernel/seams.ts'
import { loadMasterKey, masterKeyPrint, openVault } from '../../secrets/index.ts'
import { type BackupHeader, openStore, readBackupHeader, type Tx, unpackBackup } from '../../store/index.ts'

export interface RestoreWish {
  readonly file: string
  /** The data folder to be: absent, empty, or with nothing but the master key in it. */
  readonly folder: string
  /** Where the master key is when it is not in the folder yet. */
  readonly masterKey: string | undefined
}

const keyName = 'master.key'
const databaseName = 'gantry.db'
/** What the database is called until it is whole. */
const draftName = 'gantry.db.restoring'

/**
 * What may have grown since the backup was taken, while the old process went on: fences that machines have seen, event
 * cursors that readers hold. Both go on from beyond anything it can have reached.
 */
const beyond = 1_000_000

/** Throws ProblemError: 'invalid_request' for the file, 'conflict' for the folder, 'secret_unavailable' for the key. */
export async function restoreInto(wish: RestoreWish, seams: Seams): Promise<BackupHeader> {
  const header = readBackupHeader(wish.file)
  refuseUsed(wish.folder)
  const keyFile = join(wish.folder, keyName)
  const key = loadMasterKey(wish.masterKey ?? keyFile, seams, false)
  if (masterKeyPrint(key) !== header.masterKey) {
    throw new ProblemError({
      code: 'secret_unavailable',
      detail: `${wish.masterKey ?? keyFile} is not the master key of this backup: it is ${masterKeyPrint(key)}, the backup's is ${header.masterKey}.`,
      next: 'Give the master key that was kept apart from the backups, with --master-key; nothing was changed.',
    })
  }
  makeFolder(wish.folder)
  const draft = join(wish.folder, draftName)
  try {
    removeDraft(draft)
    unpackBackup(wish.file, draft)
    await prepare(draft, key, header, seams)
    if (!existsSync(keyFile)) {
      writeFileSync(keyFile, `${Buffer.from(key).toString('base64')}\n`, { mode: 0o600, flag: 'wx', flush: true })
    }
    renameSync(draft, join(wish.folder, databaseName))
    return header
  } finally {
    removeDraft(draft)
  }
}

function refuseUsed(folder: string): void {
  const others = (existsSync(folder) ? readdirSync(folder) : []).filter(
    (name) => name !== keyName && !name.startsWith(draftName),
  )
  if (others.length === 0) return
  throw new ProblemError({
    code: 'conflict',
    detail: `${folder} is not empty: it holds ${others.slice(0, 3).join(', ')}${others.length > 3 ? ', ...' : ''}.`,
    next: 'Give a new folder with --data; a backup is never written over what is there.',
  })
}

function removeDraft(draft: string): void {
  for (const tail of ['', '-wal', '-shm']) rmSync(draft + tail, { force: true })
}

async function prepare(draft: string, key: Uint8Array, header: BackupHeader, seams: Seams): Promise<void> {
  await using store = await openStore(`sqlite:${draft}`, seams)
  await openVault(store, key, seams)
  await store.write((tx) => beginReportOnly(tx, seams, header))
}

/** What distinguishes a restored database from the one it was. */
export async function beginReportOnly(
  tx: Tx,
  seams: Seams,
  header: Pick<BackupHeader, 'takenAt' | 'version'>,
): Promise<void> {
  const { id } = await tx.selectFrom('installation').select('id').executeTakeFirstOrThrow()
  await tx.updateTable('installation').set({ report_only: 1 }).execute()
  await sql`update sqlite_sequence set seq = seq + ${beyond} where name = 'events'`.execute(tx)
  await tx
    .updateTable('runs')
    .set((run) => ({ owner: null, lease_until: null, fence: run('fence', '+', beyond) }))
    .execute()
  await appendEvent(tx, seams, {
    kind: 'installation.restored',
    subject: { kind: 'installation', id },
    actor: 'gantry',
    cause: 'gantry restore',
    data: { takenAt: header.takenAt, version: header.version },
  })
}
