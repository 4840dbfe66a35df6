// What people install: the tarball, in an empty folder, by npm, with the Node of the machine on the PATH.

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { makePackage } from './make.ts'

const top = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'gantry-package-'))
const installed = join(folder, 'node_modules/gantry')
// Without the repository's node_modules/.bin, as a person has it.
const PATH = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((part) => !part.includes('node_modules'))
  .join(delimiter)
const env = { ...process.env, PATH, HOME: folder, GANTRY_HOME: undefined }

beforeAll(async () => {
  const tarball = await makePackage()
  writeFileSync(join(folder, 'package.json'), '{ "name": "empty", "private": true }')
  execFileSync('npm', ['install', '--no-audit', '--no-fund', tarball], { cwd: folder, env, stdio: 'pipe' })
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function gantry(...args: string[]): string {
  return execFileSync('npx', ['gantry', ...args], {
    cwd: folder,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

test('npx gantry --version answers with the version of the package', () => {
  expect(gantry('--version')).toContain(manifest.version)
})

test('gantry serve answers on /healthz, and ends in order when told to', async () => {
  const server = spawn(
    join(folder, 'node_modules/.bin/gantry'),
    ['serve', '--data', join(folder, 'data'), '--port', '0'],
    {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const ended = once(server, 'exit')
  try {
    const answer = await fetch(`${await announced(server.stdout)}/healthz`)
    expect(answer.status).toBe(200)
  } finally {
    server.kill('SIGTERM')
  }
  expect(await ended).toEqual([0, null])
})

test('gantry demo --once builds and deletes a platform', () => {
  expect(gantry('demo', '--once')).toMatch(/receipt/)
})

/** The server's address, from the line in which it says where it is. */
async function announced(output: Readable): Promise<string> {
  for await (const line of createInterface(output)) {
    const url = /https?:\/\/[\w.:[\]-]+/.exec(line)?.[0]
    if (url) return url
  }
  throw new Error('gantry serve ended without saying where it is')
}

test('it holds JavaScript and declarations, and neither TypeScript sources, tests nor what only developers need', () => {
  const sources = globSync('**/*.ts', { cwd: installed, exclude: (name) => name === 'node_modules' })
  expect(sources.filter((file) => !file.endsWith('.d.ts'))).toEqual([])
  expect(globSync('**/*.test.*', { cwd: installed, exclude: (name) => name === 'node_modules' })).toEqual([])
  expect(JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))).not.toHaveProperty('devDependencies')
})

test('every blueprint of the repository is in it, with its scripts', () => {
  const wanted = globSync('blueprints/**/*.{yaml,sh,md}', { cwd: top }).sort()
  expect(wanted.length).toBeGreaterThan(0)
  expect(globSync('blueprints/**/*.{yaml,sh,md}', { cwd: installed }).sort()).toEqual(wanted)
})

test('a third party can write a provider against its declarations', () => {
  writeFileSync(
    join(folder, 'provider.ts'),
    `import type { ProviderKind } from 'gantry/src/provider/contract.js'\nexport const kindOf = (kind: ProviderKind<never, never>): string => kind.kind\n`,
  )
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'esnext', '--types', 'node']
  const types = ['--typeRoots', join(top, 'node_modules/@types')]
  const tsc = join(top, 'test/check/node_modules/.bin/tsc')
  expect(execFileSync(tsc, [...options, ...types, 'provider.ts'], { cwd: folder, encoding: 'utf8' })).toBe('')
})
