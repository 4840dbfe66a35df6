// Backup while it works, restore on an empty folder, and what a restored Gantry does until its report is accepted.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { realSeams } from '../../src/kernel/real-seams.ts'
import { restoreInto } from '../../src/resources/backups/index.ts'
import { type TestGantry, testGantry, testMasterKey } from './support/gantry.ts'
import { type Begun, begin } from './support/story.ts'

let on: TestGantry
let begun: Begun
let folder: string
let keyFile: string
beforeAll(async () => {
  on = await testGantry({ scanEveryMs: 50 })
  begun = await begin(on.api)
  folder = mkdtempSync(join(tmpdir(), 'gantry-backup-'))
  keyFile = join(folder, 'kept.key')
  writeFileSync(keyFile, Buffer.from(testMasterKey).toString('base64'), { mode: 0o600 })
})
afterAll(async () => {
  await on[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

/** Builds a platform of `count` machines and answers its id. */
async function build(name: string, count = 1, gantry = on): Promise<string> {
  const wish = { name, blueprint: 'machines', parameters: { count } }
  const task = await gantry.api('POST', `/v1/projects/${begun.project}/platforms`, wish, { prefer: 'wait=30' })
  expect(task.body, JSON.stringify(task.body)).toMatchObject({ state: 'done' })
  return task.body.target.id
}

async function backUp(name: string): Promise<string> {
  const response = await on.api.raw('/v1/backup')
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/vnd.gantry.backup')
  const file = join(folder, name)
  writeFileSync(file, Buffer.from(await response.arrayBuffer()))
  return file
}

const restored = (file: string, name: string, masterKey: string | undefined = keyFile) =>
  restoreInto({ file, folder: join(folder, name), masterKey }, realSeams())

const keysOf = (gantry: TestGantry) => gantry.world.living().map((machine) => String(machine.key))

test('a restored Gantry reports what happened since, touches nothing, and works again once that is accepted', async () => {
  const kept = await build('kept', 2)
  const dropped = await build('dropped')
  const file = await backUp('life')
  const later = await build('later', 2)
  const gone = await on.api('DELETE', `/v1/platforms/${dropped}`, undefined, { prefer: 'wait=30' })
  expect(gone.body.state).toBe('done')
  const before = keysOf(on)
  await on.gantry.close()

  await restored(file, 'life-data')
  await using again = await testGantry({
    world: on.world,
    scanEveryMs: 50,
    restored: { folder: join(folder, 'life-data'), token: on.token },
  })
  expect((await again.api('GET', '/v1/version')).body.reportOnly).toBe(true)
  const report = await again.api('GET', '/v1/restore/report')
  expect(report.status, JSON.stringify(report.body)).toBe(200)
  const [provider] = report.body.providers
  expect(provider).toMatchObject({ name: 'dc1', fault: null, ahead: [], returned: [] })
  expect(provider.unknown.map((object: { platform: string }) => object.platform)).toEqual([later, later])
  expect(report.body.unknownPlatforms).toEqual([{ platform: later, objects: 2 }])
  expect(report.body.gonePlatforms).toEqual([{ platform: dropped, name: 'dropped', machines: 1 }])
  expect(provider.missing.map((machine: { platform: string }) => machine.platform)).toEqual([dropped])

  // Scans go round, and nothing moves; who asks for machines is told why not.
  const wish = { name: 'new', blueprint: 'machines', parameters: { count: 1 } }
  const refused = await again.api('POST', `/v1/projects/${begun.project}/platforms`, wish)
  expect(refused).toMatchObject({ status: 409, body: { code: 'report_only' } })
  expect((await again.api('DELETE', `/v1/platforms/${dropped}`)).status).toBe(202)
  const explained = await again.api('GET', `/v1/platforms/${dropped}/explain`)
  expect(explained.body.next[0]).toContain('report')
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(keysOf(on)).toEqual(before)

  const stale = await again.api('POST', '/v1/restore/accept', { report: 'another' })
  expect(stale).toMatchObject({ status: 409, body: { code: 'conflict' } })
  const now = await again.api('GET', '/v1/restore/report')
  const accepted = await again.api('POST', '/v1/restore/accept', { report: now.body.report })
  expect(accepted.body, JSON.stringify(accepted.body)).toMatchObject({ reportOnly: false, restoreEpoch: 2 })
  expect((await again.api('GET', '/v1/restore/report')).body.code).toBe('wrong_state')
  expect((await again.api('POST', '/v1/restore/accept', { report: now.body.report })).status).toBe(409)

  const made = await again.api('POST', `/v1/projects/${begun.project}/platforms`, wish, { prefer: 'wait=30' })
  expect(made.body, JSON.stringify([made.body, again.logged])).toMatchObject({ state: 'done' })
  const added = keysOf(on).filter((key) => !before.includes(key))
  expect(added).toHaveLength(1)
  expect(added[0]).toMatch(/^ins_\w+\/2\/plt_/)
  expect((await again.api('GET', `/v1/platforms/${kept}`)).body.state).toBe('ready')
  await expect
    .poll(async () => (await again.api('GET', `/v1/platforms/${dropped}`)).body.state, { timeout: 10_000 })
    .toBe('deleted')
  const cursor = async (gantry: TestGantry) =>
    (await gantry.gantry.rooms.store.read.selectFrom('events').select('seq').orderBy('seq', 'desc').executeTakeFirst())
      ?.seq
  expect(await cursor(again)).toBeGreaterThan(1_000_000)
  await on.restart()
})

test('a backup taken while requests run is the installation as it was at one moment', async () => {
  let asking = true
  let asked = 0
  const traffic = Array.from({ length: 4 }, async (_, client) => {
    for (let i = 0; asking; i++) {
      const made = await on.api('POST', `/v1/tenants/${begun.tenant}/projects`, { name: `p-${client}-${i}` })
      expect(made.status).toBe(201)
      asked += 1
    }
  })
  await expect.poll(() => asked, { timeout: 10_000 }).toBeGreaterThan(3)
  const file = await backUp('busy')
  asking = false
  await Promise.all(traffic)
  await restored(file, 'busy-data')
  const database = new Database(join(folder, 'busy-data', 'gantry.db'), { readonly: true })
  expect(database.pragma('integrity_check', { simple: true })).toBe('ok')
  expect(database.pragma('foreign_key_check')).toEqual([])
  // Whatever was answered before it began is in it, and rows and their events are there together.
  const projects = database.prepare("select id from projects where name like 'p-%'").pluck().all()
  const told = database
    .prepare(
      "select subject_id from events where kind = 'project.created' and subject_id in (select id from projects where name like 'p-%')",
    )
    .pluck()
    .all()
  expect(projects.length).toBeGreaterThan(3)
  expect(told.sort()).toEqual(projects.sort())
  database.close()
})

test('secrets are in it as ciphertext, and the master key is not in it at all', async () => {
  const bytes = readFileSync(await backUp('sealed'))
  expect(bytes.includes('correct-horse-battery')).toBe(false)
  expect(bytes.includes('PRIVATE KEY')).toBe(false)
  expect(bytes.includes(Buffer.from(testMasterKey))).toBe(false)
  expect(bytes.includes(Buffer.from(testMasterKey).toString('base64'))).toBe(false)
})

test('what cannot be restored is refused with the reason, and leaves nothing behind', async () => {
  const file = await backUp('whole')
  const whole = readFileSync(file)
  const refuse = async (name: string, bytes: Buffer, says: RegExp) => {
    const bad = join(folder, name)
    writeFileSync(bad, bytes)
    await expect(restored(bad, `${name}-data`)).rejects.toThrow(says)
    const data = join(folder, `${name}-data`)
    expect(existsSync(data) ? readdirSync(data) : []).toEqual([])
  }
  await refuse('cut', whole.subarray(0, whole.length - 1), /cut short/)
  await refuse('cut-early', whole.subarray(0, 40), /no backup of Gantry/)
  await refuse('empty', Buffer.alloc(0), /no backup of Gantry/)
  await refuse('longer', Buffer.concat([whole, Buffer.from('x')]), /longer than it says/)
  const flipped = Buffer.from(whole)
  flipped[whole.length - 5_000] = (flipped[whole.length - 5_000] ?? 0) ^ 1
  await refuse('flipped', flipped, /checksum/)
  await refuse('text', Buffer.from('{"hello": 1}\n'), /no backup of Gantry/)

  const otherKey = join(folder, 'other.key')
  writeFileSync(otherKey, Buffer.alloc(32, 8).toString('base64'), { mode: 0o600 })
  await expect(restored(file, 'wrong-key', otherKey)).rejects.toThrow(/not the master key of this backup/)
  await expect(
    restoreInto({ file, folder: join(folder, 'no-key'), masterKey: undefined }, realSeams()),
  ).rejects.toThrow(/master key .* is missing/)
  await restored(file, 'used')
  await expect(restored(file, 'used')).rejects.toThrow(/is not empty: it holds gantry\.db/)
})
