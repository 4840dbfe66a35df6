// The server of the demo: a child process like any other installation, in a folder that goes with it. It has a process
// group of its own, so that Ctrl-C reaches the demo alone and the demo ends the server in order.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiProblem } from '../client/api-problem.ts'

export interface DemoServer {
  readonly url: string
  readonly token: string
  /** Resolves with the reason when the server ends by itself. */
  readonly ended: Promise<string>
  /** The last of its log that is no routine. */
  troubles(): string[]
  /** Asks it to end, waits, and ends it by force when it does not. */
  stop(): Promise<void>
}

/** What the server is given to end in order, ms. */
const grace = 10_000

/** Starts `gantry serve` with its files in `folder`. Throws ApiProblem with its last words when it does not start. */
export async function startServer(folder: string, signal: AbortSignal): Promise<DemoServer> {
  const [node, entry] = [process.execPath, process.argv[1] ?? '']
  const args = [entry, 'serve', '--data', folder, '--port', '0']
  const child = spawn(node, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: cleanEnvironment() })
  const words = lastWords(child)
  const ended = once(child, 'exit').then(([code, killedBy]) => `the server ended with ${killedBy ?? code}`)
  const stop = () => end(child, ended)
  try {
    const { url, token } = await Promise.race([
      announced(child, signal),
      ended.then((reason) => Promise.reject(didNotStart(reason, words()))),
    ])
    return { url, token, ended, troubles: () => troublesIn(words()), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The line in which the server says where it is and with which token to come. */
async function announced(child: ChildProcess, signal: AbortSignal): Promise<{ url: string; token: string }> {
  let url: string | undefined
  let token: string | undefined
  if (child.stdout === null) throw new Error('the server has no output')
  for await (const line of createInterface({ input: child.stdout, signal })) {
    url ??= /https?:\/\/[\w.:[\]-]+/.exec(line)?.[0]
    token ??= /\bgnt_[0-9a-z]{39}\b/.exec(line)?.[0]
    if (url !== undefined && token !== undefined) break
  }
  // Read on, or a server with much to say would wait for ever to be heard.
  child.stdout.resume()
  if (url !== undefined && token !== undefined) return { url, token }
  signal.throwIfAborted()
  throw new Error('the server did not say where it is')
}

function lastWords(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.on('data', (chunk) => {
    text = (text + String(chunk)).slice(-20_000)
  })
  return () => text.trim()
}

/** Lines that are no routine of a log; a line that is no log at all (a crash) is none. */
function troublesIn(words: string): string[] {
  return words
    .split('\n')
    .filter((line) => line !== '' && !line.includes('"level":"info"'))
    .slice(-8)
}

function didNotStart(reason: string, words: string): ApiProblem {
  return new ApiProblem({
    code: 'unavailable',
    status: 0,
    detail: `The demo's server did not start: ${reason}.`,
    next: words,
  })
}

async function end(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  const late = new AbortController()
  const force = sleep(grace, undefined, { signal: late.signal }).then(
    () => child.kill('SIGKILL'),
    () => undefined,
  )
  await ended
  late.abort()
  await force
}

/** Settings of the user's own Gantry must not reach the demo's. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GANTRY_')))
}
