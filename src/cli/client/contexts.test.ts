import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { contextPath, dropContext, putContext, readContexts } from './contexts.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gantry-contexts-'))
  path = contextPath({ GANTRY_CONFIG_DIR: join(folder, 'config') })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const here = { url: 'http://127.0.0.1:8080', token: 'gantry_secret' }
const mode = (file: string) => statSync(file).mode & 0o777

test('the file of tokens is readable by its owner alone, whatever the umask and whoever wrote it before', () => {
  const before = process.umask(0)
  try {
    putContext(path, 'a', here)
    expect(mode(path)).toBe(0o600)
    expect(mode(dirname(path))).toBe(0o700)
    chmodSync(path, 0o644)
    putContext(path, 'b', here)
    expect(mode(path)).toBe(0o600)
  } finally {
    process.umask(before)
  }
})

test('the first context is the current one, a further one only when asked', () => {
  putContext(path, 'a', here)
  putContext(path, 'b', here)
  expect(readContexts(path).current).toBe('a')
  putContext(path, 'b', { ...here, project: 'shop' }, 'always')
  expect(readContexts(path)).toEqual({ current: 'b', contexts: { a: here, b: { ...here, project: 'shop' } } })
})

test('with the last context the file and its empty folder go, and nothing else of the user', () => {
  putContext(path, 'demo', here)
  dropContext(path, 'demo')
  expect(existsSync(dirname(path))).toBe(false)
  putContext(path, 'demo', here)
  writeFileSync(join(dirname(path), 'notes'), '')
  dropContext(path, 'demo')
  expect(readdirSync(dirname(path))).toEqual(['notes'])
})

test('dropping one context keeps the others, and dropping what is not there changes nothing', () => {
  putContext(path, 'mine', here)
  putContext(path, 'demo', here)
  dropContext(path, 'demo')
  dropContext(path, 'demo')
  expect(readContexts(path)).toEqual({ current: 'mine', contexts: { mine: here } })
})

test('a file that is no context file is refused and left as it is', () => {
  putContext(path, 'a', here)
  writeFileSync(path, '{ "contexts": 3 }')
  expect(() => putContext(path, 'b', here)).toThrow(/cannot be read as a context file/)
  expect(statSync(path).size).toBe('{ "contexts": 3 }'.length)
})
