import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { realSeams } from '../kernel/real-seams.ts'
import { migrate, schemaVersion } from './migrate.ts'
import { migrations } from './migrations/index.ts'
import type { Migration } from './migrations/migration.ts'
import { openStore } from './open.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gantry-migrate-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const next: Migration = {
  version: Math.max(...migrations.map((migration) => migration.version)) + 1,
  name: 'next',
  statements: () => ['alter table tenants add column note text', "update tenants set note = 'kept ' || name"],
}
const row = "insert into tenants values ('tnt_1', 'acme', '{}', 1, 0, null)"

test('an older file is migrated with its rows, once', () => {
  const database = new Database(join(folder, 'a.db'))
  migrate(database, migrations, 1)
  database.exec(row)
  migrate(database, [...migrations, next], 2)
  migrate(database, [...migrations, next], 3)
  expect(schemaVersion(database)).toBe(next.version)
  expect(database.prepare('select name, note from tenants').all()).toEqual([{ name: 'acme', note: 'kept acme' }])
  expect(database.prepare('select at from schema_version where version = ?').all(next.version)).toEqual([{ at: 2 }])
  database.close()
})

test('a migration that fails half-way leaves the old version whole', () => {
  const database = new Database(join(folder, 'a.db'))
  migrate(database, migrations, 1)
  const broken = {
    ...next,
    statements: () => ['alter table tenants add column note text', 'insert into nowhere values (1)'],
  }
  expect(() => migrate(database, [...migrations, broken], 2)).toThrow('nowhere')
  expect(schemaVersion(database)).toBe(next.version - 1)
  expect(database.prepare("select 1 from pragma_table_info('tenants') where name = 'note'").all()).toEqual([])
  database.close()
})

test('a file of a newer Gantry is refused in one line that names both versions, and left untouched', async () => {
  const path = join(folder, 'newer.db')
  const newer = new Database(path)
  newer.pragma('journal_mode = WAL')
  migrate(newer, [...migrations, next], 1)
  newer.exec("insert into tenants values ('tnt_1', 'acme', '{}', 1, 0, null, null)")
  newer.close()
  const before = digest(path)
  const refusal = await openStore(`sqlite:${path}`, realSeams()).catch((error: unknown) => error)
  expect(refusal).toMatchObject({ code: 'unavailable', facts: { found: next.version, known: next.version - 1 } })
  expect(String(refusal)).not.toContain('\n')
  expect(digest(path)).toBe(before)
})

test("somebody else's database and a file that is none are refused and left untouched", async () => {
  const path = join(folder, 'other.db')
  const other = new Database(path)
  other.exec('create table songs (title text)')
  other.close()
  const text = join(folder, 'notes.txt')
  writeFileSync(text, 'not a database, but long enough to have a header of one hundred bytes, '.repeat(4))
  for (const file of [path, text]) {
    const before = digest(file)
    await expect(openStore(`sqlite:${file}`, realSeams())).rejects.toMatchObject({ code: 'unavailable' })
    expect(digest(file)).toBe(before)
  }
})

test('two that start on one empty file at once both find it ready', async () => {
  const url = `sqlite:${join(folder, 'both.db')}`
  const stores = await Promise.all([openStore(url, realSeams()), openStore(url, realSeams())])
  for (const store of stores) {
    expect(await store.read.selectFrom('tenants').selectAll().execute()).toEqual([])
    await store[Symbol.asyncDispose]()
  }
  expect(readdirSync(folder)).toEqual(['both.db'])
})

function digest(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}
