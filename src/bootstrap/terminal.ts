// A person at a machine, for computers that have no ssh program: the same handshake as the engine's, so the
// same pinned host key. What is typed and printed goes through unchanged.

import type { Readable, Writable } from 'node:stream'
import type { ClientChannel } from 'ssh2'
import type { Endpoint } from '../kernel/endpoint.ts'
import type { Seams } from '../kernel/seams.ts'
import { handshake } from './handshake.ts'
import { loginOf } from './login.ts'

export interface TerminalAccess {
  readonly endpoint: Endpoint
  readonly user: string
  /** OpenSSH one-line public key. */
  readonly hostKey: string
  readonly privateKeyPem: string
}

export interface LocalTerminal {
  readonly stdin: Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown }
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number }
  readonly stderr: Writable
  /** `xterm-256color` and the like. */
  readonly term: string
  readonly signal: AbortSignal
}

const handshakeMs = 15_000

/** Runs `command`, or a login shell when it is empty; answers the exit code (255: the connection broke). Throws RemoteFault. */
export async function openTerminal(
  access: TerminalAccess,
  command: readonly string[],
  local: LocalTerminal,
  seams: Seams,
): Promise<number> {
  const login = loginOf({ user: access.user, hostKey: access.hostKey, privateKeyPem: access.privateKeyPem })
  const client = await handshake(login, access.endpoint, handshakeMs, seams, local.signal)
  try {
    const channel = await new Promise<ClientChannel>((resolve, reject) => {
      const opened = (error: Error | undefined, stream: ClientChannel) => (error ? reject(error) : resolve(stream))
      if (command.length > 0) client.exec(command.join(' '), opened)
      else client.shell(windowOf(local), opened)
    })
    return await joined(channel, local, command.length === 0)
  } finally {
    client.end()
  }
}

function windowOf({ stdout, term }: LocalTerminal) {
  return { term, cols: stdout.columns ?? 80, rows: stdout.rows ?? 24, height: 0, width: 0 }
}

async function joined(channel: ClientChannel, local: LocalTerminal, shell: boolean): Promise<number> {
  const { stdin, stdout, stderr, signal } = local
  const raw = shell && stdin.isTTY === true
  const resized = () => channel.setWindow(stdout.rows ?? 24, stdout.columns ?? 80, 0, 0)
  const aborted = () => channel.close()
  if (raw) stdin.setRawMode?.(true)
  stdout.on('resize', resized)
  signal.addEventListener('abort', aborted, { once: true })
  stdin.pipe(channel)
  channel.pipe(stdout, { end: false })
  channel.stderr.pipe(stderr, { end: false })
  try {
    return await new Promise<number>((resolve) => {
      let code = 255
      channel.on('exit', (ended: number | null) => {
        code = ended ?? 255
      })
      channel.on('close', () => resolve(code))
    })
  } finally {
    signal.removeEventListener('abort', aborted)
    stdout.off('resize', resized)
    stdin.unpipe(channel)
    stdin.pause()
    if (raw) stdin.setRawMode?.(false)
  }
}
