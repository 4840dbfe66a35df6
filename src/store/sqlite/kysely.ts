// Kysely over a handle we drive ourselves: BEGIN, SAVEPOINT and COMMIT belong to the commit group, so the
// `Tx` a closure gets only runs queries, and only until its closure has ended.

import {
  type ConnectionProvider,
  type DatabaseConnection,
  DefaultQueryExecutor,
  DummyDriver,
  Kysely,
  type KyselyProps,
  SqliteAdapter,
  SqliteDialect,
  SqliteQueryCompiler,
  Transaction,
} from 'kysely'
import type { Database } from '../schema.ts'
import type { Db, Tx } from '../store.ts'
import type { SqliteConnection } from './connection.ts'

/** The committed view over a read-only handle. */
export function readerOver(connection: SqliteConnection): Db {
  return new Kysely<Database>(propsOver(connection))
}

/** Makes the transactions of one writer handle. `end()` makes every later use of that `tx` fail. */
export function transactionsOver(connection: SqliteConnection): () => { readonly tx: Tx; end(): void } {
  const props = propsOver(connection)
  return () => {
    let ended = false
    const guarded = providerOf(connection, () => {
      if (ended) throw new Error('a query was sent after the end of its store.write(); await every query inside it')
    })
    const executor = props.executor.withConnectionProvider(guarded)
    const tx = new Transaction<Database>({ ...props, executor })
    return {
      tx,
      end() {
        ended = true
      },
    }
  }
}

function propsOver(connection: SqliteConnection): KyselyProps {
  const dialect = new SqliteDialect({ database: connection.database })
  const executor = new DefaultQueryExecutor(new SqliteQueryCompiler(), new SqliteAdapter(), providerOf(connection))
  return { config: { dialect }, dialect, driver: new DummyDriver(), executor }
}

function providerOf(connection: DatabaseConnection, check?: () => void): ConnectionProvider {
  return {
    async provideConnection(consumer) {
      check?.()
      return await consumer(connection)
    },
  }
}
