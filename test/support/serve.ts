// `gantry serve` as people run it: a child process on a folder of data, which may be killed and started again.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const entry = join(import.meta.dirname, '../../src/bin.mjs')

export interface Serving {
  readonly pid: number
  /** Where it answers, and at its first start the token; rejects with the end of its log when it ended before it listened. */
  readonly listening: Promise<{ readonly url: string; readonly token: string | undefined }>
  /** What it has printed so far. */
  said(): string
  /** Sends the signal unless it has ended, and waits for its end. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

export interface ServeOptions {
  /** For Node itself, e.g. `--cpu-prof`. */
  readonly node?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** Whether it will print a token. Default: when the folder has no database yet. */
  readonly first?: boolean
}

/** Starts it on `folder` and a free port of loopback; what it logs is appended to `serve.log` there. */
export function startServe(folder: string, options: ServeOptions = {}): Serving {
  const first = options.first ?? !existsSync(join(folder, 'gantry.db'))
  const logPath = join(folder, 'serve.log')
  // A file and no pipe: whoever measures must not spend time on reading it.
  const log = openSync(logPath, 'a', 0o600)
  const args = [...(options.node ?? []), entry, 'serve', '--data', folder, '--port', '0']
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', log],
    env: { ...process.env, ...options.env },
  })
  closeSync(log)
  const exited = once(child, 'exit')
  const { pid, stdout } = child
  if (pid === undefined || stdout === null) throw new Error('gantry serve could not be started')

  let text = ''
  const listening = new Promise<{ url: string; token: string | undefined }>((resolve, reject) => {
    const look = (chunk: Buffer): void => {
      text += chunk.toString()
      const url = /at (https?:\/\/\S+)/.exec(text)?.[1]
      const token = tokenIn(text)
      if (url !== undefined && (!first || token !== undefined)) resolve({ url, token })
    }
    stdout.on('data', look)
    exited.then(
      () => reject(new Error(`gantry serve ended before it listened:\n${tail(logPath)}`)),
      (error: unknown) => reject(error),
    )
  })
  // Whoever kills it before it listens does not wait for this.
  listening.catch(() => undefined)

  return {
    pid,
    listening,
    said: () => text,
    async end(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      await exited
    },
  }
}

/** The token of the installation's first start, if it was printed. */
export function tokenIn(said: string): string | undefined {
  return /\b(gnt_[0-9a-z]+)\n/.exec(said)?.[1]
}

function tail(path: string): string {
  return readFileSync(path, 'utf8').split('\n').slice(-30).join('\n')
}
