// The runner in a real shell without SSH around it: for what only the text itself can get wrong.

import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AttemptStatus, ScriptAttempt } from '../../../src/bootstrap/index.ts'
import { readStatus } from '../../../src/bootstrap/runner/answer.ts'
import { lookRequest, runnerCommand, startRequest } from '../../../src/bootstrap/runner/program.ts'
import type { Spoken } from '../../../src/bootstrap/speak.ts'
import { shims } from './shims.ts'

export interface Shell extends AsyncDisposable {
  readonly root: string
  /** Sends these bytes as a request. */
  send(request: string): Promise<Spoken>
  start(id: string, script: string, waitMs: number, over?: Partial<ScriptAttempt>): Promise<AttemptStatus>
  look(id: string, waitMs?: number): Promise<AttemptStatus>
  /** A file of an attempt, or '' when it is not there. */
  read(id: string, file: string): Promise<string>
  write(id: string, file: string, text: string): Promise<void>
  /** What scripts appended to `$GANTRY_ROOT/trace`. */
  trace(): Promise<string>
}

export const nonce = '0123456789abcdef'

/** A root folder of its own, `sh` (dash, bash, ...) to run the runner, and how long a launched process may take to come up. */
export async function shell(sh = '/bin/sh', graceMs = 5_000): Promise<Shell> {
  const root = await mkdtemp(join(tmpdir(), 'gantry-runner-'))
  const bin = await shims(join(root, 'bin'))
  const path = (id: string, file: string) => join(root, 'var/lib/gantry/attempts', id, file)

  const send = (request: string): Promise<Spoken> =>
    new Promise((resolve, reject) => {
      const env = { PATH: `${bin}:/usr/bin:/bin`, HOME: root, GANTRY_ROOT: root, GANTRY_GRACE_MS: String(graceMs) }
      const child = spawn(sh, ['-c', runnerCommand('root').replace(/^exec sh/, `exec ${sh}`)], { cwd: root, env })
      const out: Buffer[] = []
      const err: Buffer[] = []
      child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
      child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
      child.stdin.on('error', () => undefined)
      child.on('error', reject)
      child.on('close', (code) => resolve({ stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString(), code }))
      child.stdin.end(request)
    })

  return {
    root,
    send,
    start: async (id, script, waitMs, over) => readStatus(await send(startText(id, script, waitMs, over)), nonce),
    look: async (id, waitMs = 0) => readStatus(await send(lookRequest(nonce, id, waitMs)), nonce),
    read: (id, file) => readFile(path(id, file), 'utf8').catch(() => ''),
    write: (id, file, text) => writeFile(path(id, file), text),
    trace: () => readFile(join(root, 'trace'), 'utf8').catch(() => ''),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true, maxRetries: 5 }),
  }
}

/** The request to start `script`. */
export function startText(id: string, script: string, waitMs: number, over: Partial<ScriptAttempt> = {}): string {
  return startRequest(nonce, [scriptAttempt(id, script, over)], waitMs)
}

/** An attempt with everything in it that a test of the runner does not care about. */
export function scriptAttempt(id: string, script: string, over: Partial<ScriptAttempt> = {}): ScriptAttempt {
  const usual = { stepKey: 'script/a@1/b', fence: 1, fenceScope: 'plt_1', env: {}, secretEnv: {}, timeoutMs: 60_000 }
  return { ...usual, mustGive: [], ...over, id, script }
}
