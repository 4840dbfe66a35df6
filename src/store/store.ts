// The store as the rooms see it. The implementation (open.ts) decides the dialect.

import type { Kysely, Transaction } from 'kysely'
import type { Database } from './schema.ts'

export type Tx = Transaction<Database>
/** Either a transaction or the committed view; queries that only read take this. */
export type Db = Kysely<Database>

export interface Store extends AsyncDisposable {
  /** Committed data only; on SQLite a connection of its own, so a reader never sees half a commit group. */
  readonly read: Db
  /**
   * Runs `work` inside the next commit group and resolves after COMMIT with its result; when the closure
   * throws, only its savepoint is undone and the error is passed on; when COMMIT fails, every caller of the
   * group fails. `work` awaits its own queries and nothing else.
   */
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** The database's clock, in ms since 1970: what leases are judged by. */
  now(): Promise<number>
  /** Called after COMMIT with the highest event sequence of the group. Returns the unsubscribe function. */
  onCommit(listener: (lastEventSeq: number) => void): () => void
  /**
   * Another number whenever somebody, here or in another process, has committed since it was last asked. Next to free:
   * who would read tables again and again asks this first.
   */
  version(): number
  /** A consistent copy beside the database, while others write; disposing of it removes it. Throws 'unavailable'. */
  snapshot(): Promise<{ readonly path: string } & Disposable>
}
