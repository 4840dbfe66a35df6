// The demo as a person runs it: a real process, a real server under it, real SSH to simulated machines, in a world of
// its own, so that afterwards it can be asked what is left: no file, no context, no process.

import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, vi } from 'vitest'

export const main = join(import.meta.dirname, '../../src/main.ts')

export interface DemoStage extends Disposable {
  /** Its temporary files and contexts are here. */
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
  start(...args: string[]): RunningDemo
  /** Processes of this stage, by the mark in their environment. */
  left(): number[]
  /** Fails unless nothing is left, at once for files and soon for processes. */
  expectNothingLeft(): Promise<void>
}

export interface RunningDemo {
  readonly child: ChildProcess
  /** The exit code. */
  readonly ended: Promise<number>
  text(): string
  /** Resolves when it has said that; throws when it ends before. */
  until(words: RegExp): Promise<void>
}

export function demoStage(): DemoStage {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-demo-test-'))
  const mark = randomUUID()
  const running: ChildProcess[] = []
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('GANTRY_') && !name.startsWith('VITEST'))
  const env = {
    ...Object.fromEntries(kept),
    TMPDIR: folder,
    GANTRY_CONFIG_DIR: join(folder, 'config'),
    DEMO_TEST_MARK: mark,
    NO_COLOR: '1',
    NODE_ENV: undefined,
  }

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

  return {
    folder,
    env,
    left,
    start(...args) {
      const child = spawn(process.execPath, [main, 'demo', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
      running.push(child)
      return follow(child)
    },
    async expectNothingLeft() {
      expect(readdirSync(folder)).toEqual([])
      // The simulated infrastructure is a process of its own that ends when it finds its folder gone.
      await vi.waitFor(() => expect(left()).toEqual([]), { timeout: 60_000, interval: 20 })
      expect(readdirSync(folder)).toEqual([])
    },
    [Symbol.dispose]() {
      for (const child of running) child.kill('SIGKILL')
      for (const pid of left()) process.kill(pid, 'SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function follow(child: ChildProcess): RunningDemo {
  let text = ''
  let heard = () => {}
  const listen = (chunk: Buffer) => {
    text += String(chunk)
    heard()
  }
  child.stdout?.on('data', listen)
  child.stderr?.on('data', listen)
  const ended = once(child, 'close').then(([code]) => Number(code))
  return {
    child,
    ended,
    text: () => text,
    async until(words) {
      const said = new Promise<void>((resolve) => {
        heard = () => {
          if (words.test(text)) resolve()
        }
      })
      heard()
      const early = ended.then(() => {
        if (!words.test(text)) throw new Error(`the demo ended before it said ${words}:\n${text}`)
      })
      await Promise.race([said, early])
    },
  }
}
