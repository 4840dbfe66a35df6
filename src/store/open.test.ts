import { readFileSync, statSync } from 'node:fs'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { seedProject, seedTenant, testStore } from '../../test/support/store.ts'
import { ProblemError } from '../kernel/problem.ts'
import { realSeams } from '../kernel/real-seams.ts'
import { openStore } from './open.ts'
import { uniqueViolation } from './violations.ts'

const seams = realSeams()

test('what write() answered is there after the file is opened again, and only for its owner to read', async () => {
  await using first = await testStore(seams, { synchronous: 'FULL' })
  const tenant = await first.store.write((tx) => seedTenant(tx, seams))
  await using again = await openStore(`sqlite:${first.path}`, seams)
  const rows = await again.read.selectFrom('tenants').select('id').execute()
  expect(rows).toEqual([{ id: tenant }])
  expect(statSync(first.path).mode & 0o777).toBe(0o600)
})

test('every table and column of the schema exists, and no other', async () => {
  await using fixture = await testStore()
  const declared = schemaTables(readFileSync(new URL('./schema.ts', import.meta.url), 'utf8'))
  const database = new Database(fixture.path, { readonly: true })
  const real = new Map<string, string[]>()
  for (const row of database.prepare("select name from sqlite_master where type = 'table'").all()) {
    const name = field(row, 'name')
    if (name === 'schema_version' || name.startsWith('sqlite_')) continue
    real.set(
      name,
      database
        .prepare(`select name from pragma_table_info('${name}')`)
        .all()
        .map((c) => field(c, 'name'))
        .sort(),
    )
  }
  database.close()
  expect(declared.size).toBeGreaterThan(25)
  expect(Object.fromEntries(real)).toEqual(Object.fromEntries(declared))
})

test('a name is unique among the living and free again after deletion', async () => {
  await using fixture = await testStore()
  const { store } = fixture
  const tenant = await store.write((tx) => seedTenant(tx, seams))
  const project = await store.write((tx) => seedProject(tx, seams, tenant, 'shop'))
  const taken = await store.write((tx) => seedProject(tx, seams, tenant, 'shop')).catch((error: unknown) => error)
  expect(uniqueViolation(taken)).toBe('projects')
  expect(uniqueViolation(new Error('UNIQUE constraint failed: projects.name'))).toBeNull()
  await store.write((tx) => tx.updateTable('projects').set({ deleted_at: 1 }).where('id', '=', project).execute())
  await store.write((tx) => seedProject(tx, seams, tenant, 'shop'))
})

test('a row whose parent does not exist is refused', async () => {
  await using fixture = await testStore()
  const orphan = fixture.store.write((tx) => seedProject(tx, seams, 'tnt_nobody' as never))
  await expect(orphan).rejects.toThrow('FOREIGN KEY')
})

test('postgres and unknown urls are refused with what to do instead', async () => {
  await expect(openStore('postgres://localhost/gantry', seams)).rejects.toMatchObject({ code: 'unavailable' })
  await expect(openStore('mysql://localhost', seams)).rejects.toBeInstanceOf(ProblemError)
  await expect(openStore('sqlite:/nowhere/at/all/gantry.db', seams)).rejects.toMatchObject({ code: 'unavailable' })
})

test('the reader cannot write', async () => {
  await using fixture = await testStore()
  await expect(fixture.store.read.deleteFrom('tenants').execute()).rejects.toThrow('readonly')
})

function field(row: unknown, name: string): string {
  if (typeof row === 'object' && row !== null && name in row) return String(Reflect.get(row, name))
  throw new Error(`no ${name}`)
}

/** Reads table -> sorted columns from the source of schema.ts, so that the two cannot drift apart. */
function schemaTables(source: string): Map<string, string[]> {
  const columns = new Map<string, string[]>()
  const parents = new Map<string, string>()
  for (const [, name = '', parent = '', body = ''] of source.matchAll(
    /interface (\w+Table)(?: extends (\w+))? \{\n([\s\S]*?)\n\}/g,
  )) {
    columns.set(
      name,
      [...body.matchAll(/^ {2}(\w+): /gm)].map((match) => match[1] ?? ''),
    )
    parents.set(name, parent)
  }
  const tables = new Map<string, string[]>()
  const list = /interface Database \{\n([\s\S]*?)\n\}/.exec(source)?.[1] ?? ''
  for (const [, table = '', type = ''] of list.matchAll(/^ {2}(\w+): (\w+)$/gm)) {
    tables.set(table, [...(columns.get(type) ?? []), ...(columns.get(parents.get(type) ?? '') ?? [])].sort())
  }
  return tables
}
