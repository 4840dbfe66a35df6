// `gantry backup` and `gantry restore` as a person uses them: a server, a file, another folder, another server.

import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { backupsHere, replayHere } from '../../src/app.ts'
import type { World } from '../../src/cli/world.ts'
import { type TestGantry, testGantry, testMasterKey } from '../api/support/gantry.ts'
import { begin } from '../api/support/story.ts'
import { typed } from './command-line.ts'

let on: TestGantry
let folder: string
let world: Partial<World>
beforeAll(async () => {
  on = await testGantry({ blueprints: null })
  await begin(on.api)
  folder = mkdtempSync(join(tmpdir(), 'gantry-cli-backup-'))
  writeFileSync(join(on.folder, 'master.key'), Buffer.from(testMasterKey).toString('base64'), { mode: 0o600 })
  world = {
    local: {
      sshCrypto: async () => '',
      terminal: async () => 0,
      replay: (text, onPair) => replayHere(text, '0.1.0', onPair),
      backups: async () => backupsHere('0.1.0'),
    },
  }
})
afterAll(async () => {
  await on[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const at = (name: string) => join(folder, name)
const type = (line: string, gantry = on) =>
  typed(line, folder, { ...world, env: { GANTRY_URL: gantry.gantry.url, GANTRY_TOKEN: on.token } })

test('a backup comes from the server, restores to a new folder, and its report is read and accepted', async () => {
  const taken = await type(`backup ${at('one')}`)
  expect(taken, taken.err).toMatchObject({ code: 0 })
  expect(taken.out).toMatch(/MiB, checked[\s\S]*installation ins_\w+[\s\S]*master key [0-9a-f]{16}, which is not in it/)
  expect(statSync(at('one')).mode & 0o777).toBe(0o600)
  expect(existsSync(at('one.part'))).toBe(false)
  expect((await type(`restore ${at('one')} --check`)).out).toContain('checked')

  const restored = await type(`restore ${at('one')} --data ${at('data')} --master-key ${join(on.folder, 'master.key')}`)
  expect(restored, restored.err).toMatchObject({ code: 0 })
  expect(restored.out).toContain('report-only')
  await using again = await testGantry({
    world: on.world,
    blueprints: null,
    restored: { folder: at('data'), token: on.token },
  })
  expect((await type('doctor', again)).out).toContain('report-only')
  const report = await type('restore report', again)
  expect(report.out).toMatch(/provider dc1\n {2}as recorded/)
  const accept = /gantry (restore accept --report \S+)/.exec(report.out)?.[1] ?? ''
  expect(await type(accept, again)).toMatchObject({ code: 0, out: expect.stringContaining('epoch 2') })
  expect(await type('restore report', again)).toMatchObject({ code: 1, err: expect.stringContaining('wrong_state') })
})

test('a data folder is backed up without asking its server, and a file is never replaced', async () => {
  const taken = await type(`backup ${at('two')} --data ${on.folder} -o json`)
  expect(taken, taken.err).toMatchObject({ code: 0 })
  expect(JSON.parse(taken.out)).toMatchObject({ file: at('two'), version: '0.1.0' })
  const before = readFileSync(at('two'))
  expect(await type(`backup ${at('two')} --data ${on.folder}`)).toMatchObject({ code: 2 })
  expect(await type(`backup ${at('two')}`)).toMatchObject({ code: 2, err: expect.stringContaining('never replaces') })
  expect(readFileSync(at('two')).equals(before)).toBe(true)
  const none = await type(`backup ${at('three')} --data ${at('nowhere')}`)
  expect(none).toMatchObject({ code: 1, err: expect.stringContaining('master key') })
  expect(existsSync(at('three'))).toBe(false)
})

test('what cannot be restored is refused in plain words', async () => {
  writeFileSync(at('cut'), readFileSync(at('two')).subarray(0, 5_000))
  expect(await type(`restore ${at('cut')} --check`)).toMatchObject({
    code: 1,
    err: expect.stringContaining('cut short'),
  })
  const key = `--master-key ${join(on.folder, 'master.key')}`
  expect(await type(`restore ${at('two')} --data ${on.folder} ${key}`)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/conflict\. .* is not empty[\s\S]*new folder/),
  })
  expect(await type(`restore ${at('two')}`)).toMatchObject({ code: 2, err: expect.stringContaining('--data') })
  expect(await type('restore')).toMatchObject({ code: 2, err: expect.stringContaining('Name the backup file') })
  expect(await type(`restore ${at('absent')} --check`)).toMatchObject({
    code: 1,
    err: expect.stringContaining('absent'),
  })
})
