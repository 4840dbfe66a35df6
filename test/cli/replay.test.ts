// `gantry task export` and `gantry replay` as a person who reports a bug uses them.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { backupsHere, replayHere } from '../../src/app.ts'
import { journalText } from '../../src/kernel/journal.ts'
import { type TestGantry, testGantry } from '../api/support/gantry.ts'
import { begin } from '../api/support/story.ts'
import { typed } from './command-line.ts'

let on: TestGantry
let folder: string
let task: string
beforeAll(async () => {
  on = await testGantry()
  const { project } = await begin(on.api)
  const wish = { name: 'team-a', blueprint: 'machines', parameters: { count: 2 } }
  const made = await on.api('POST', `/v1/projects/${project}/platforms`, wish, { prefer: 'wait=30' })
  expect(made.body.state).toBe('done')
  task = made.body.id
  folder = mkdtempSync(join(tmpdir(), 'gantry-cli-replay-'))
})
afterAll(async () => {
  await on[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const type = (line: string) =>
  typed(line, folder, {
    env: { GANTRY_URL: on.gantry.url, GANTRY_TOKEN: on.token },
    local: {
      sshCrypto: async () => '',
      terminal: async () => 0,
      backups: async () => backupsHere('0.1.0'),
      replay: (text, onHappening) => replayHere(text, '0.1.0', onHappening),
    },
  })

test('a task is exported to a file, and the file runs again step by step to the same end', async () => {
  const file = join(folder, 'team-a.journal')
  expect(await type(`task export ${task} --to ${file}`)).toMatchObject({ code: 0, out: expect.stringContaining(file) })
  const played = await type(`replay ${file}`)
  expect(played, played.err + played.out).toMatchObject({ code: 0 })
  expect(played.out.match(/as recorded {2}(machine|ssh)\/machine-\d@1 {2}done/g)).toHaveLength(4)
  expect(played.out).toContain('It ends as recorded.')
  expect((await type(`task export ${task}`)).out).toContain('gantry-journal/2')
  const asJson = await type(`replay ${file} -o json`)
  expect(JSON.parse(asJson.out)).toMatchObject({ divergence: null, recorded: 'done', replayed: 'done' })
})

test('a replay that ends otherwise exits with 1 and names the first difference', async () => {
  const file = join(folder, 'team-a.journal')
  const lines = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
  const step = 'ssh/machine-1@1'
  const wrong = join(folder, 'wrong.journal')
  const failed = { outcome: 'blocked', code: 'script_failed', detail: 'as somebody says' }
  writeFileSync(wrong, journalText(lines.map((line) => (line.step === step ? { ...line, ...failed } : line))))
  const played = await type(`replay ${wrong}`)
  expect(played.code).toBe(1)
  expect(played.out).toContain(`First divergence: ${step}: recorded blocked script_failed, replayed`)
  expect(await type(`replay ${join(folder, 'none')}`)).toMatchObject({ code: 2 })
  writeFileSync(wrong, 'hello\n')
  expect(await type(`replay ${wrong}`)).toMatchObject({ code: 1, err: expect.stringContaining('no JSON') })
})
