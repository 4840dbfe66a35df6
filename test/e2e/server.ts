// Gantry as people run it: a child process in a folder of its own, which may be killed and started again.

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { type Api, apiOf } from '../../src/cli/client/api.ts'

const run = promisify(execFile)
const entry = join(import.meta.dirname, '../../src/main.ts')

export interface GantryServer extends AsyncDisposable {
  /** A client with the installation-admin's token, of the process that runs now. */
  readonly api: Api
  /** The end of what it logged, over all its lives and without reads: shown when a test fails. */
  log(): string
  /** What `gantry` with these words prints, as a person would run it; throws with what it said when it fails. */
  cli(...words: readonly string[]): Promise<string>
  /** SIGKILL, and a new process on the same data. */
  killAndRestart(): Promise<void>
}

/** Starts `gantry serve` on a free port of loopback, with new data. */
export async function startGantry(): Promise<GantryServer> {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-e2e-'))
  let words = ''
  let token = ''
  let child = await start()
  let api = apiOf({ url: child.url, token })

  async function start(): Promise<{ process: ChildProcess; url: string }> {
    const process_ = spawn(process.execPath, [entry, 'serve', '--data', folder, '--port', '0'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    process_.stderr.on('data', (chunk: Buffer) => {
      words += chunk.toString()
      if (process.env.GANTRY_E2E_LOG) appendFileSync(process.env.GANTRY_E2E_LOG, chunk)
    })
    let url: string | undefined
    for await (const line of createInterface({ input: process_.stdout })) {
      url ??= /https?:\/\/[\w.:[\]-]+/.exec(line)?.[0]
      token ||= /\bgnt_[0-9a-z]+\b/.exec(line)?.[0] ?? ''
      if (url !== undefined && token !== '') {
        process_.stdout.resume()
        return { process: process_, url }
      }
    }
    throw new Error(`gantry serve did not say where it is:\n${words}`)
  }

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (child.process.exitCode !== null || child.process.signalCode !== null) return
    const gone = once(child.process, 'exit')
    child.process.kill(signal)
    await gone
  }

  return {
    get api() {
      return api
    },
    log: () =>
      words
        .split('\n')
        .filter((line) => !line.includes('"message":"GET '))
        .slice(-60)
        .join('\n'),
    async cli(...args) {
      const env = { ...process.env, GANTRY_URL: child.url, GANTRY_TOKEN: token, GANTRY_CONFIG_DIR: folder }
      return (await run(process.execPath, [entry, ...args], { env, timeout: 60_000 })).stdout
    },
    async killAndRestart() {
      await end('SIGKILL')
      child = await start()
      api = apiOf({ url: child.url, token })
    },
    async [Symbol.asyncDispose]() {
      await end('SIGTERM')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
