// One better-sqlite3 handle as Kysely's DatabaseConnection. Statements are remembered by their SQL text:
// preparing is the largest single cost of a small query (3x, see Decisions), and the texts are few.

import Database from 'better-sqlite3'
import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely'

type Statement = Database.Statement<unknown[], unknown>

export interface SqliteConnection extends DatabaseConnection {
  readonly database: Database.Database
}

export interface ConnectionOptions {
  readonly readonly?: boolean
  /** How long SQLite itself waits for a lock, blocking the thread, in ms. */
  readonly busyTimeoutMs: number
}

// Lists in `in (...)` make many texts; those that come once must not stay for ever.
const statementsKept = 1000

/** Opens one handle on `path` with foreign keys enforced. */
export function openConnection(path: string, options: ConnectionOptions): SqliteConnection {
  const readonly = options.readonly === true
  const database = new Database(path, { readonly, fileMustExist: readonly, timeout: options.busyTimeoutMs })
  database.pragma('foreign_keys = ON')
  const statements = new Map<string, Statement>()

  function prepared(sql: string): Statement {
    const known = statements.get(sql)
    if (known) return known
    if (statements.size >= statementsKept) statements.clear()
    const statement = database.prepare<unknown[], unknown>(sql)
    statements.set(sql, statement)
    return statement
  }

  async function executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const statement = prepared(query.sql)
    if (statement.reader) return { rows: rowsOf<R>(statement, query.parameters) }
    const { changes, lastInsertRowid } = statement.run(query.parameters)
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
  }

  // An open cursor would lock the handle for everybody else, so a stream is one chunk.
  async function* streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await executeQuery<R>(query)
  }

  return { database, executeQuery, streamQuery }
}

// The row type is Kysely's promise to its caller, made from the schema; the driver cannot check it.
function rowsOf<R>(statement: Statement, parameters: readonly unknown[]): R[] {
  return statement.all(parameters) as R[]
}
