import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeFolder } from './folder.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gantry-folder-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('folders that are missing are made for their owner alone, and made again without complaint', () => {
  const deep = join(folder, 'a/b')
  makeFolder(deep)
  makeFolder(deep)
  for (const made of ['a', 'a/b']) expect(statSync(join(folder, made)).mode & 0o777).toBe(0o700)
})

test('a file in the way is an error of the system, not a folder', () => {
  writeFileSync(join(folder, 'file'), '')
  expect(() => makeFolder(join(folder, 'file'))).toThrow('EEXIST')
  expect(() => makeFolder(join(folder, 'file/below'))).toThrow('EEXIST')
})

test.runIf(process.platform === 'linux')('a place where nothing can be made says so and returns', () => {
  expect(() => makeFolder('/proc/gantry/data')).toThrow('ENOENT')
})
