// The verbs of a commit group on SQLite's one writer. Another process may hold the write lock, and the
// event loop must not stand still for it: SQLite itself is told not to wait, and we wait between tries.

import { setImmediate } from 'node:timers/promises'
import { ProblemError } from '../../kernel/problem.ts'
import type { Seams } from '../../kernel/seams.ts'
import type { GroupConnection } from '../commit-group.ts'
import type { SqliteConnection } from './connection.ts'
import { transactionsOver } from './kysely.ts'
import { diskTrouble } from './trouble.ts'

const lockPatienceMs = 15_000

/** Drives BEGIN IMMEDIATE, SAVEPOINT and COMMIT over `connection`, whose tables must exist. */
export function sqliteWriter(connection: SqliteConnection, seams: Seams): GroupConnection {
  const { database } = connection
  const begin = database.prepare('begin immediate')
  const savepoint = database.prepare('savepoint work')
  const release = database.prepare('release work')
  const undo = database.prepare('rollback to work')
  const commit = database.prepare('commit')
  const rollback = database.prepare('rollback')
  const lastEvent = database.prepare<[], { seq: number | null }>('select max(seq) as seq from events')

  return {
    async begin() {
      const givesUpAt = seams.clock.now() + lockPatienceMs
      for (let tries = 1; ; tries++) {
        try {
          begin.run()
          return
        } catch (error) {
          if (!isBusy(error)) throw error
          if (seams.clock.now() >= givesUpAt) throw locked(error)
        }
        // A holder in this very process ends within a turn; another process needs real time.
        if (tries <= 8) await setImmediate()
        else await seams.clock.sleep(2 + 8 * seams.random.next())
      }
    },
    savepoint: () => {
      savepoint.run()
    },
    release: () => {
      release.run()
    },
    undo: () => {
      undo.run()
      release.run()
    },
    commit: () => {
      commit.run()
    },
    // SQLite rolls back by itself on some errors (disk full, I/O); then there is nothing left to undo.
    isOpen: () => database.inTransaction,
    rollback: () => {
      if (database.inTransaction) rollback.run()
    },
    explain: diskTrouble,
    lastEventSeq: () => lastEvent.get()?.seq ?? 0,
    transaction: transactionsOver(connection),
  }
}

/** Whether SQLite said that another connection holds the lock. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY')
}

function locked(cause: unknown): ProblemError {
  return new ProblemError(
    {
      code: 'unavailable',
      detail: `The database is locked by another process since ${lockPatienceMs / 1000} s.`,
      next: 'Find the process that holds it (a stopped Gantry, a backup, a sqlite3 shell) and let it go on or end it.',
    },
    { cause },
  )
}
