// A copy of the database as it was at one moment, taken while others write: the copying handle holds one read transaction
// from beginning to end, so that writers neither wait for it nor make it begin anew.

import { closeSync, existsSync, openSync, rmSync } from 'node:fs'
import { ProblemError } from '../kernel/problem.ts'
import { openConnection } from './sqlite/connection.ts'

/** Pages (of 4 KiB) copied before others have their turn. COUNT. */
const pagesAtOnce = 256
const busyTimeoutMs = 10_000

/**
 * Copies the SQLite file at `path` to the new file `to`, readable by its owner alone. On failure nothing is left there.
 * Throws ProblemError 'unavailable' when there is no database or the copy cannot be written.
 */
export async function takeSnapshot(path: string, to: string): Promise<void> {
  if (!existsSync(path)) throw unavailable(`There is no database at ${path}.`, 'Name the folder of a running Gantry.')
  let made = false
  try {
    closeSync(openSync(to, 'wx', 0o600))
    made = true
    const { database } = openConnection(path, { readonly: true, busyTimeoutMs })
    try {
      database.exec('begin')
      database.prepare('select count(*) from sqlite_master').get()
      await database.backup(to, { progress: () => pagesAtOnce })
    } finally {
      database.close()
    }
  } catch (error) {
    if (made) rmSync(to, { force: true })
    const reason = error instanceof Error ? error.message : String(error)
    throw unavailable(`${path} cannot be copied to ${to}: ${reason}.`, 'Check room and rights of that folder.', error)
  }
}

function unavailable(detail: string, next: string, cause?: unknown): ProblemError {
  return new ProblemError({ code: 'unavailable', detail, next }, { cause })
}
