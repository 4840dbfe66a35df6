// Backups without a server: of a data folder on this machine, whether a Gantry runs on it or not.

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { ProblemError } from '../../kernel/problem.ts'
import type { Seams } from '../../kernel/seams.ts'
import { loadMasterKey, masterKeyPrint } from '../../secrets/index.ts'
import { type BackupHeader, openStore, readBackupHeader } from '../../store/index.ts'
import { takeBackup } from './backup.ts'

/** Backs up `folder` to the new file `file`. Throws ProblemError: 'unavailable', 'secret_unavailable', 'conflict'. */
export async function backUpFolder(folder: string, file: string, version: string, seams: Seams): Promise<BackupHeader> {
  const key = loadMasterKey(join(folder, 'master.key'), seams, false)
  await using store = await openStore(`sqlite:${join(folder, 'gantry.db')}`, seams)
  const info = {
    version,
    database: 'sqlite',
    startedAt: seams.clock.now(),
    masterKeyPrint: masterKeyPrint(key),
  } as const
  await writeNew(file, takeBackup({ store, seams, info }, 'gantry'))
  return readBackupHeader(file)
}

/** Writes the pieces to a file that has its name only when it is whole and on the disk. Throws 'conflict' when it exists. */
async function writeNew(file: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const draft = `${file}.part`
  let handle: number
  try {
    closeSync(openSync(file, 'wx', 0o600))
    handle = openSync(draft, 'w', 0o600)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new ProblemError(
      { code: 'conflict', detail: `${file} cannot be made: ${reason}.`, next: 'Name a file that does not exist.' },
      { cause },
    )
  }
  let whole = false
  try {
    for await (const piece of pieces) for (let at = 0; at < piece.length; ) at += writeSync(handle, piece, at)
    fsyncSync(handle)
    whole = true
  } finally {
    closeSync(handle)
    if (!whole) for (const left of [draft, file]) rmSync(left, { force: true })
  }
  renameSync(draft, file)
}
