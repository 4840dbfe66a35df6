// One fsync for many callers. Closures queue up and run strictly one after another inside one
// transaction, a savepoint each; whoever arrives while the group runs still joins it. Nobody hears of a
// result before COMMIT, so nobody can act on something that a crash would take back.

import { AsyncLocalStorage } from 'node:async_hooks'
import { ProblemError } from '../kernel/problem.ts'
import type { Tx } from './store.ts'

/** What a dialect gives the group to work with. */
export interface GroupConnection {
  begin(): Promise<void>
  savepoint(): void
  release(): void
  /** Whether the transaction is still open: some errors end it by themselves. */
  isOpen(): boolean
  /** Undoes everything since `savepoint()`. */
  undo(): void
  commit(): void
  rollback(): void
  /** An error of the dialect as callers hear it. */
  explain(error: unknown): unknown
  /** Highest event sequence as seen inside the open transaction; 0 when there is none. */
  lastEventSeq(): number
  transaction(): { readonly tx: Tx; end(): void }
}

export interface CommitHooks {
  /** Called with everything written, before COMMIT. Throwing rolls back, and every caller gets that error. */
  beforeCommit?(): void
  /** Called after COMMIT, before any caller hears of it. Throwing reaches every caller; the data stays. */
  afterCommit?(): void
}

export interface CommitGroups {
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** Refuses new work and resolves when the queue is empty. */
  close(): Promise<void>
}

interface Job {
  /** Runs the closure; what it returns hands the result to the caller. */
  run(tx: Tx): Promise<() => void>
  reject(error: unknown): void
}

// Bounds how long the first caller of a group waits for its result.
const groupCap = 200

/**
 * @param gather awaited before each group begins, so that callers of the same turn can join it.
 * @param committed told the highest event sequence after each COMMIT.
 */
export function commitGroups(
  connection: GroupConnection,
  hooks: CommitHooks,
  gather: () => Promise<void>,
  committed: (lastEventSeq: number) => void,
): CommitGroups {
  const queue: Job[] = []
  const inside = new AsyncLocalStorage<{ active: boolean }>()
  let draining: Promise<void> | null = null
  let closed = false

  function write<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    if (closed)
      return Promise.reject(
        new ProblemError({ code: 'unavailable', detail: 'The store is closed.', next: 'Try again in a moment.' }),
      )
    if (inside.getStore()?.active) {
      return Promise.reject(new Error('store.write() inside store.write() would wait for itself; pass the tx on'))
    }
    return new Promise<T>((resolve, reject) => {
      const run = async (tx: Tx) => {
        const result = await work(tx)
        return () => resolve(result)
      }
      queue.push({ run, reject })
      draining ??= drain()
    })
  }

  async function drain(): Promise<void> {
    while (queue.length > 0) {
      await gather()
      await group()
    }
    draining = null
  }

  async function group(): Promise<void> {
    const joined: Job[] = []
    const deliveries: (() => void)[] = []
    let lastEventSeq = 0
    try {
      await connection.begin()
      for (let job = queue.shift(); job; job = joined.length < groupCap ? queue.shift() : undefined) {
        joined.push(job)
        deliveries.push(await one(job))
      }
      lastEventSeq = connection.lastEventSeq()
      hooks.beforeCommit?.()
      connection.commit()
      hooks.afterCommit?.()
    } catch (error) {
      connection.rollback()
      // With nobody joined, BEGIN itself failed: whoever waits would fail the same way.
      const reason = connection.explain(error)
      for (const job of joined.length > 0 ? joined : queue.splice(0)) job.reject(reason)
      return
    }
    for (const deliver of deliveries) deliver()
    committed(lastEventSeq)
  }

  async function one(job: Job): Promise<() => void> {
    connection.savepoint()
    const { tx, end } = connection.transaction()
    const scope = { active: true }
    try {
      const deliver = await inside.run(scope, () => job.run(tx))
      end()
      connection.release()
      return deliver
    } catch (error) {
      end()
      // Some errors take the whole transaction with them (a full disk): then all who joined must hear of it.
      if (!connection.isOpen()) throw error
      connection.undo()
      return () => job.reject(connection.explain(error))
    } finally {
      scope.active = false
    }
  }

  return {
    write,
    async close() {
      closed = true
      await draining
    },
  }
}
