// A query that runs a dozen times in the life of a machine is built and compiled once: building it with Kysely takes
// several times as long as SQLite takes to run it. The types stay those of the builder.

import type { Compilable, CompiledQuery, QueryResult } from 'kysely'
import type { Db } from './store.ts'

export interface Statement<P, R> {
  /** Runs it and answers its rows. */
  all(db: Db, parameters: P): Promise<readonly R[]>
  /** Runs it and answers its first row, if any. */
  first(db: Db, parameters: P): Promise<R | undefined>
  /** Runs it for its effect; answers how many rows it wrote, COUNT. */
  run(db: Db, parameters: P): Promise<number>
}

/** Stands for a parameter while the query is built. */
class Hole {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/**
 * The query that `build` makes of its parameters, which may stand wherever the builder takes a value. Its shape must
 * not depend on them: no lists, no comparing with what may be null; and every call names the same ones.
 */
export function statement<P extends object, R>(build: (db: Db, parameters: P) => Compilable<R>): Statement<P, R> {
  // By dialect, as another has another text; not by database, of which a test opens thousands.
  const compiled = new Map<unknown, CompiledQuery<R>>()

  function compile(db: Db, parameters: P): CompiledQuery<R> {
    const dialect = db.getExecutor().adapter.constructor
    const known = compiled.get(dialect)
    if (known) return known
    const holes = Object.fromEntries(Object.keys(parameters).map((name) => [name, new Hole(name)]))
    // The builder only passes values on, so a hole may take the place of any.
    const query = build(db, holes as P).compile()
    compiled.set(dialect, query)
    return query
  }

  function result(db: Db, parameters: P): Promise<QueryResult<R>> {
    const query = compile(db, parameters)
    const values = query.parameters.map((value) => (value instanceof Hole ? given(parameters, value) : value))
    const { sql, query: node, queryId } = query
    // Straight to the connection: no plugin has anything to do with what comes back.
    return db
      .getExecutor()
      .provideConnection((connection) => connection.executeQuery<R>({ sql, query: node, queryId, parameters: values }))
  }

  return {
    all: async (db, parameters) => (await result(db, parameters)).rows,
    first: async (db, parameters) => (await result(db, parameters)).rows[0],
    run: async (db, parameters) => Number((await result(db, parameters)).numAffectedRows ?? 0n),
  }
}

/** SQLite would take what is missing for null. */
function given(parameters: object, { name }: Hole): unknown {
  const value: unknown = Reflect.get(parameters, name)
  if (value === undefined) throw new Error(`the statement has no ${name}`)
  return value
}
