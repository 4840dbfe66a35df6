// The demo as a person runs it: a real process, a real server under it, real SSH to simulated machines. Whatever way
// it ends, nothing of it may be left: no file, no context, no process.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'

const main = join(import.meta.dirname, '../../src/main.ts')
let folder: string
let mark: string
let running: ChildProcess | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gantry-demo-test-'))
  mark = randomUUID()
})
afterEach(() => {
  running?.kill('SIGKILL')
  for (const pid of left()) process.kill(pid, 'SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

/** The demo's own world: its temporary files and contexts are under `folder`, its processes carry `mark`. */
function env(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('GANTRY_') && !name.startsWith('VITEST'))
  return {
    ...Object.fromEntries(kept),
    TMPDIR: join(folder),
    GANTRY_CONFIG_DIR: join(folder, 'config'),
    DEMO_TEST_MARK: mark,
    NO_COLOR: '1',
    NODE_ENV: undefined,
  }
}

function startDemo(...args: string[]) {
  const child = spawn(process.execPath, [main, 'demo', ...args], { env: env(), stdio: ['ignore', 'pipe', 'pipe'] })
  running = child
  let text = ''
  child.stdout.on('data', (chunk) => (text += String(chunk)))
  child.stderr.on('data', (chunk) => (text += String(chunk)))
  const ended = once(child, 'close').then(([code]) => Number(code))
  return {
    child,
    ended,
    text: () => text,
    async until(words: string) {
      while (!text.includes(words)) {
        if (child.exitCode !== null) throw new Error(`the demo ended before it said ${words}:\n${text}`)
        await sleep(20)
      }
    },
  }
}

/** Processes that carry our mark, the demo itself included. */
function left(): number[] {
  if (!existsSync('/proc')) return []
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return []
    try {
      return readFileSync(`/proc/${name}/environ`, 'utf8').includes(mark) ? [Number(name)] : []
    } catch {
      return [] // it ended, or is none of ours
    }
  })
}

/** The simulated infrastructure is a process of its own that ends when it finds its folder gone. */
async function expectNothingLeft() {
  expect(readdirSync(folder)).toEqual([])
  for (let tries = 0; tries < 60 && left().length > 0; tries++) await sleep(50)
  expect({ files: readdirSync(folder), processes: left() }).toEqual({ files: [], processes: [] })
}

test('demo --once builds, shows, deletes, prints the receipt, and leaves nothing', { timeout: 60_000 }, async () => {
  const demo = startDemo('--once')
  expect(await demo.ended, demo.text()).toBe(0)
  const text = demo.text()
  expect(text).toMatch(/simulated/)
  const [, seconds] = /platform hello {2}ready in ([\d.]+) s/.exec(text) ?? []
  expect(Number(seconds)).toBeGreaterThan(0)
  expect(Number(seconds)).toBeLessThanOrEqual(10)
  for (const member of ['manager-0', 'worker-0', 'worker-1']) {
    expect(text).toMatch(new RegExp(`^${member} +ready +sim +zone-[ab] +host-[123] +\\d+\\.\\d+\\.\\d+\\.\\d+$`, 'm'))
  }
  expect(text).toMatch(/manager-addresses +\d+\./)
  expect(text).toMatch(/deleted in [\d.]+ s +receipt rcp_\w{26}\n {2}3 machines; each observed gone at sim/)
  expect(text).not.toMatch(/gnt_|SWMTKN/)
  await expectNothingLeft()
})

test('the lines it suggests work as they stand, and Ctrl-C ends it all', { timeout: 90_000 }, async () => {
  const demo = startDemo()
  await demo.until('Ctrl-C')
  expect(statSync(join(folder, 'config/contexts.json')).mode & 0o777).toBe(0o600)
  const lines = [...demo.text().matchAll(/^ {2}npx gantry (.+?)(?: {2,}.*)?$/gm)].map(([, line = '']) => line)
  expect(lines.length).toBeGreaterThan(4)
  for (const line of lines) {
    const out = execFileSync(process.execPath, [main, ...line.split(' ')], {
      env: env(),
      encoding: 'utf8',
      input: 'hostname\n',
    })
    expect(out, line).not.toBe('')
    if (line.includes('docker node ls')) expect(out.match(/Ready/g), out).toHaveLength(3)
  }
  expect(lines.at(-1)).toMatch(/^platform delete/)
  demo.child.kill('SIGINT')
  expect(await demo.ended, demo.text()).toBe(0)
  await expectNothingLeft()
})

test('Ctrl-C at any moment, and twice, leaves nothing', { timeout: 120_000 }, async () => {
  for (const ms of [50, 250, 600, 1000, 1500, 2200, 3500]) {
    const demo = startDemo()
    await sleep(ms)
    demo.child.kill('SIGINT')
    await sleep(50)
    demo.child.kill('SIGINT')
    await demo.ended
    await expectNothingLeft()
  }
})

test('a server that dies under it ends the demo with what happened, and leaves nothing', {
  timeout: 60_000,
}, async () => {
  const demo = startDemo()
  await demo.until('Ctrl-C')
  const servers = left().filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('\0serve\0'))
  expect(servers).toHaveLength(1)
  for (const pid of servers) process.kill(pid, 'SIGKILL')
  expect(await demo.ended).toBe(1)
  expect(demo.text()).toContain('The demo is over: the server ended with SIGKILL')
  await expectNothingLeft()
})
