// Brings a file to this Gantry's version, or refuses it untouched. An older Gantry must never write into
// tables whose meaning it does not know, so a newer file is looked at read-only first.

import type Database from 'better-sqlite3'
import { ProblemError } from '../kernel/problem.ts'
import { type Migration, sqliteWords } from './migrations/migration.ts'

/** The version kept in the file; 0 for an empty one. Throws 'unavailable' for a database that is not Gantry's. */
export function schemaVersion(database: Database.Database): number {
  const tables = database.prepare<[], { name: string }>("select name from sqlite_master where type = 'table'").all()
  if (tables.length === 0) return 0
  if (!tables.some((table) => table.name === 'schema_version')) {
    throw new ProblemError({
      code: 'unavailable',
      detail: `${database.name} is a SQLite database, but not one of Gantry.`,
      next: 'Give another path; the file was not changed.',
    })
  }
  const row = database
    .prepare<[], { version: number | null }>('select max(version) as version from schema_version')
    .get()
  return row?.version ?? 0
}

/** Refuses a file written by a newer Gantry, in one line that names both versions. */
export function assertReadable(database: Database.Database, migrations: readonly Migration[]): void {
  const found = schemaVersion(database)
  const known = newest(migrations)
  if (found <= known) return
  throw new ProblemError({
    code: 'unavailable',
    detail: `${database.name} has schema version ${found}, written by a newer Gantry; this one knows up to ${known}.`,
    facts: { found, known },
    next: 'Start the newer Gantry, or restore a backup made by this one; the file was not changed.',
  })
}

/**
 * Applies what is missing, all in one transaction: a crash leaves the old version whole.
 * @param now ms since 1970, kept beside each version.
 */
export function migrate(database: Database.Database, migrations: readonly Migration[], now: number): void {
  const apply = database.transaction(() => {
    assertReadable(database, migrations)
    const found = schemaVersion(database)
    if (found === 0) {
      database.exec('create table schema_version (version integer primary key, name text not null, at bigint not null)')
    }
    const note = database.prepare('insert into schema_version (version, name, at) values (?, ?, ?)')
    for (const migration of migrations) {
      if (migration.version <= found) continue
      for (const statement of migration.statements(sqliteWords)) database.exec(statement)
      note.run(migration.version, migration.name, now)
    }
  })
  apply.immediate()
}

function newest(migrations: readonly Migration[]): number {
  return Math.max(0, ...migrations.map((migration) => migration.version))
}
