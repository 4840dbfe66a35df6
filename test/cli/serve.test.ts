// `gantry serve` as a person starts it. A start that cannot be says in two lines why and what to do, and leaves nothing
// behind that would spoil the next one.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

const main = join(import.meta.dirname, '../../src/main.ts')
let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gantry-serve-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Runs `serve` until it ends by itself or has said where it is, and then ends it. */
async function serve(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, [main, 'serve', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk) => {
    out += String(chunk)
    if (out.includes('\n')) child.kill('SIGTERM')
  })
  child.stderr.on('data', (chunk) => {
    err += String(chunk)
  })
  const [code] = await once(child, 'close')
  return { code: Number(code), out, err }
}

test('a first start that cannot listen keeps no token: the next one shows it', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const address = other.address()
  const port = typeof address === 'object' ? String(address?.port) : ''
  const data = join(folder, 'data')
  const refused = await serve('--data', data, '--port', port)
  other.close()
  expect(refused).toMatchObject({ code: 1, out: '' })
  expect(refused.err).toMatch(/^gantry: Cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE.*\nChoose another address.*\n$/)
  const first = await serve('--data', data, '--port', '0')
  expect(first.out).toMatch(/installation-admin token, shown this once: gnt_\w+\n$/)
  const second = await serve('--data', data, '--port', '0')
  expect(second).toMatchObject({ code: 0, out: expect.stringMatching(/^Gantry .* at http:.*\n$/) })
})

test.each([
  ['a folder that cannot be made', ['--data', 'FOLDER/file/data'], /The folder .* cannot be made.*\nChoose another/],
  ['a configuration that is no YAML', ['--config', 'FOLDER/file'], /The configuration .* cannot be used.*\nCorrect/],
  ['a port that is none', ['--port', '70000'], /"70000" is no address.*\nGive host:port/],
  ['a database that is none', ['--database', 'sqlite:FOLDER/file'], /cannot be opened: file is not a database/],
])('%s is refused in two lines', async (_, args, says) => {
  writeFileSync(join(folder, 'file'), '{[\n')
  const given = ['--data', join(folder, 'data'), '--port', '0', ...args.map((arg) => arg.replace('FOLDER', folder))]
  const { code, err } = await serve(...given)
  expect(err).toMatch(says)
  expect(err.trimEnd().split('\n')).toHaveLength(2)
  expect(code).toBe(1)
})

test('a master key that was lost is missed, not replaced by one that opens nothing', async () => {
  const data = join(folder, 'data')
  await serve('--data', data, '--port', '0')
  rmSync(join(data, 'master.key'))
  const { code, err } = await serve('--data', data, '--port', '0')
  expect({ code, there: existsSync(join(data, 'master.key')) }).toEqual({ code: 1, there: false })
  expect(err).toMatch(/^gantry: The master key .* is missing, and the database was written with it\.\nRestore it/)
})

test('a configuration that cannot be used is found before anything is made', async () => {
  const data = join(folder, 'data')
  expect(await serve('--data', data, '--config', join(folder, 'none'))).toMatchObject({ code: 1 })
  expect(existsSync(data)).toBe(false)
})
