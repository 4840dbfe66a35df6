// The one door to the database. SQLite in WAL with synchronous=FULL: what was answered is on the disk,
// and readers see only what is committed, because they have a connection of their own.

import { closeSync, existsSync, openSync, rmSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { ProblemError } from '../kernel/problem.ts'
import type { Seams } from '../kernel/seams.ts'
import { type CommitHooks, commitGroups } from './commit-group.ts'
import { assertReadable, migrate, schemaVersion } from './migrate.ts'
import { migrations } from './migrations/index.ts'
import { takeSnapshot } from './snapshot.ts'
import { openConnection, type SqliteConnection } from './sqlite/connection.ts'
import { readerOver } from './sqlite/kysely.ts'
import { sqliteWriter } from './sqlite/writer.ts'
import type { Store } from './store.ts'

export interface StoreOptions {
  /** Crash points for tests: called around every COMMIT. */
  readonly hooks?: CommitHooks
  /** 'OFF' gives up durability against power loss for speed; for tests. Default 'FULL'. */
  readonly synchronous?: 'FULL' | 'OFF'
}

// At start and for readers, waiting inside SQLite is fine: nothing else of ours is running yet, and a
// reader in WAL waits only while the log is recovered.
const busyTimeoutMs = 10_000

/**
 * Opens `sqlite:<path>`, making or migrating the file as needed.
 * Throws ProblemError 'unavailable' for a file of a newer Gantry (left untouched), a file that is not
 * Gantry's, a path that cannot be opened, and for PostgreSQL, which comes with a later version.
 */
export async function openStore(url: string, seams: Seams, options: StoreOptions = {}): Promise<Store> {
  const path = sqlitePath(url)
  const synchronous = options.synchronous ?? 'FULL'
  const writer = openWriter(path, synchronous, seams.clock.now())
  const reader = openConnection(path, { readonly: true, busyTimeoutMs })
  const version = reader.database.prepare<[], number>('pragma data_version').pluck()
  const listeners = new Set<(lastEventSeq: number) => void>()

  // Gathering a turn's callers saves an fsync each; without fsync there is nothing to share, and a
  // history runs in microtasks alone, which keeps simulated ones exact.
  const gather = synchronous === 'FULL' ? () => setImmediate<void>(undefined) : () => Promise.resolve()
  const groups = commitGroups(sqliteWriter(writer, seams), options.hooks ?? {}, gather, (lastEventSeq) => {
    for (const listener of [...listeners]) notify(listener, lastEventSeq)
  })

  return {
    read: readerOver(reader),
    write: groups.write,
    now: async () => seams.clock.now(),
    onCommit(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    version: () => version.get() ?? 0,
    async snapshot() {
      const copy = `${path}.copy-${Buffer.from(seams.random.bytes(6)).toString('hex')}`
      await takeSnapshot(path, copy)
      return { path: copy, [Symbol.dispose]: () => rmSync(copy, { force: true }) }
    },
    async [Symbol.asyncDispose]() {
      await groups.close()
      reader.database.close()
      writer.database.close()
    },
  }
}

// The commit stands whatever a listener does; its error is a bug that must be seen, not this group's.
function notify(listener: (lastEventSeq: number) => void, lastEventSeq: number): void {
  try {
    listener(lastEventSeq)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}

function openWriter(path: string, synchronous: 'FULL' | 'OFF', now: number): SqliteConnection {
  try {
    refuseNewer(path)
    // Made before SQLite would make it, because SQLite's mode is the umask's and this file holds secrets.
    if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600))
    const writer = openConnection(path, { busyTimeoutMs })
    try {
      writer.database.pragma('journal_mode = WAL')
      writer.database.pragma(`synchronous = ${synchronous}`)
      migrate(writer.database, migrations, now)
      writer.database.pragma('busy_timeout = 0')
      return writer
    } catch (error) {
      writer.database.close()
      throw error
    }
  } catch (error) {
    throw cannotOpen(path, error)
  }
}

/** Whether Gantry has written at this URL before. Throws ProblemError 'unavailable' like openStore. */
export function databaseExists(url: string): boolean {
  const path = sqlitePath(url)
  try {
    return (lookAt(path, schemaVersion) ?? 0) > 0
  } catch (error) {
    throw cannotOpen(path, error)
  }
}

function refuseNewer(path: string): void {
  lookAt(path, (database) => assertReadable(database, migrations))
}

/** What `look` sees in the file, which it cannot change; undefined when there is no file. */
function lookAt<T>(path: string, look: (database: SqliteConnection['database']) => T): T | undefined {
  if (!existsSync(path)) return undefined
  const looker = openConnection(path, { readonly: true, busyTimeoutMs })
  try {
    return look(looker.database)
  } finally {
    looker.database.close()
  }
}

function cannotOpen(path: string, error: unknown): ProblemError {
  if (error instanceof ProblemError) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new ProblemError(
    {
      code: 'unavailable',
      detail: `The database ${path} cannot be opened: ${reason}.`,
      next: 'Check that the folder exists, that this user may write in it, and that the file is a Gantry database.',
    },
    { cause: error },
  )
}

function sqlitePath(url: string): string {
  if (/^postgres(ql)?:/.test(url)) {
    throw new ProblemError({
      code: 'unavailable',
      detail: 'PostgreSQL comes with a later version of Gantry.',
      next: 'Use sqlite:<path of a file> for now.',
    })
  }
  const path = /^sqlite:(?:\/\/(?=\/))?(.+)$/.exec(url)?.[1]
  if (path === undefined || path === ':memory:') {
    throw new ProblemError({
      code: 'unavailable',
      detail: `${JSON.stringify(url)} is no database this Gantry knows.`,
      next: 'Use sqlite:<path of a file>, for example sqlite:gantry.db.',
    })
  }
  return path
}
