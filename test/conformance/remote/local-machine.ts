// A machine made of this one: ssh2's server on loopback, and commands run by the real /bin/sh as child processes whose
// paths are moved into a temporary folder. What a real sshd does with pipes, exit codes and lost connections, it does.

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2, { type AuthContext, type Connection, type ServerChannel } from 'ssh2'
import { realSeams } from '../../../src/kernel/real-seams.ts'
import { makeSshKeyPair } from '../../../src/secrets/index.ts'
import type { Act, NetworkMachine } from './harness.ts'
import { shims } from './shims.ts'

const seams = realSeams()
const platformKey = makeSshKeyPair(seams, 'platform')

export interface LocalMachineOptions {
  readonly user?: string
  /** Text of a `sudo` that stands first on the path, for users that are not root. */
  readonly sudo?: string
  /** Sessions the server opens at once on one connection; no limit by default. */
  readonly maxSessions?: number
  /** Shell that runs commands; /bin/sh by default. */
  readonly shell?: string
  /** Commands are taken and never run. */
  readonly hangs?: boolean
}

export interface LocalMachine extends NetworkMachine, AsyncDisposable {
  readonly root: string
  /** TCP connections accepted so far, COUNT. */
  readonly connections: number
  /** Connections open now, COUNT. */
  readonly open: number
  /** Logins attempted with a key, COUNT. */
  readonly logins: number
  /** Sessions refused because too many were open, COUNT. */
  readonly refused: number
  /** The public host key of some other machine. */
  readonly strangersHostKey: string
  cut(): void
  /** From now on it accepts connections and says nothing. */
  hang(): void
}

/** Starts one. Disposing it ends its processes and removes its folder. */
export async function localMachine(options: LocalMachineOptions = {}): Promise<LocalMachine> {
  const root = await mkdtemp(join(tmpdir(), 'gantry-machine-'))
  const bin = await shims(join(root, 'bin'), options.sudo)
  const user = options.user ?? 'root'
  const pinned = makeSshKeyPair(seams, 'host')
  const sockets = new Set<Socket>()
  const children = new Set<ChildProcess>()
  let hostKey = pinned
  let noise = ''
  let silent = false
  let commands = 0
  let connections = 0
  let logins = 0
  let refused = 0
  let cutAt: 'beforeItRuns' | 'afterItRan' | undefined

  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }

  function runs(channel: ServerChannel, command: string): void {
    commands += 1
    const point = cutAt
    cutAt = undefined
    if (point === 'beforeItRuns') {
      cut()
      return
    }
    if (options.hangs) return
    if (noise) channel.write(noise)
    const child = spawn(options.shell ?? '/bin/sh', ['-c', command], {
      cwd: root,
      detached: true,
      env: { PATH: `${bin}:/usr/bin:/bin`, HOME: root, GANTRY_ROOT: root, GANTRY_GRACE_MS: '300' },
    })
    children.add(child)
    child.stdin.on('error', () => undefined)
    channel.on('error', () => undefined)
    channel.pipe(child.stdin)
    if (point === undefined) {
      child.stdout.pipe(channel, { end: false })
      child.stderr.pipe(channel.stderr, { end: false })
    } else {
      child.stdout.resume()
      child.stderr.resume()
    }
    child.on('close', (code) => {
      children.delete(child)
      if (point === 'afterItRan') return cut()
      if (noise) channel.write(noise)
      channel.exit(code ?? 255)
      channel.end()
    })
  }

  function greet(socket: Socket): void {
    if (silent) {
      sockets.add(socket)
      return
    }
    connections += 1
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    const server = new ssh2.Server({ hostKeys: [hostKey.privateKeyPem] }, serve)
    server.injectSocket(socket)
  }

  function serve(connection: Connection): void {
    let sessions = 0
    connection.on('error', () => undefined)
    connection.on('authentication', (attempt) => {
      logins += 1
      if (knows(attempt, user)) attempt.accept()
      else attempt.reject(['publickey'])
    })
    connection.on('session', (accept, reject) => {
      if (sessions >= (options.maxSessions ?? Number.POSITIVE_INFINITY)) {
        refused += 1
        reject()
        return
      }
      sessions += 1
      const session = accept()
      session.on('close', () => {
        sessions -= 1
      })
      session.on('exec', (acceptExec, _reject, info) => runs(acceptExec(), info.command))
    })
  }

  const listener = createServer(greet)
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const close = () => new Promise<void>((resolve) => listener.close(() => resolve()))
  const attempt = (id: string, file: string) => join(root, 'var/lib/gantry/attempts', id, file)
  const target = {
    incarnation: `mch_${address.port}_${root.slice(-6)}`,
    endpoints: [{ address: '127.0.0.1', port: address.port }],
    user,
    hostKey: pinned.publicKey,
    privateKeyPem: platformKey.privateKeyPem,
  }

  async function kill(id: string): Promise<void> {
    const [, pid] = (await readFile(attempt(id, 'owner'), 'utf8')).split(' ')
    end(Number(pid))
    await untilGone(Number(pid))
  }

  async function endProcesses(): Promise<void> {
    for (const child of children) if (child.pid !== undefined) end(-child.pid)
    const ids = await readdir(join(root, 'var/lib/gantry/attempts')).catch(() => [])
    for (const id of ids) {
      const owner = await readFile(attempt(id, 'owner'), 'utf8').catch(() => '')
      const group = await readFile(attempt(id, 'group'), 'utf8').catch(() => '')
      if (existsSync(attempt(id, 'flushed'))) continue
      if (group) end(-Number(group.split(' ')[0]))
      if (owner.startsWith('run ')) end(-Number(owner.split(' ')[1]))
    }
  }

  return {
    target,
    root,
    cut,
    kill,
    get commands() {
      return commands
    },
    get connections() {
      return connections
    },
    get open() {
      return sockets.size
    },
    get logins() {
      return logins
    },
    get refused() {
      return refused
    },
    strangersHostKey: makeSshKeyPair(seams, 'elsewhere').publicKey,
    script: (id, act) => bash(root, id, act),
    begun: async (id) => (await readFile(join(root, `begun.${id}`), 'utf8').catch(() => '')).length,
    release: (id) => writeFile(join(root, `go.${id}`), ''),
    reboot: async () => {
      await endProcesses()
      cut()
    },
    onDisk: async (text) => (await readAll(root)).some((content) => content.includes(text)),
    claimOnly: async (id) => {
      await mkdir(attempt(id, ''))
    },
    cutNext: (point) => {
      cutAt = point
    },
    noise: (text) => {
      noise = text
    },
    changeHostKey: () => {
      hostKey = makeSshKeyPair(seams, 'other')
      cut()
    },
    strangersTarget: () => ({
      ...target,
      incarnation: `${target.incarnation}-stranger`,
      privateKeyPem: makeSshKeyPair(seams, 'stranger').privateKeyPem,
    }),
    hang: () => {
      silent = true
    },
    down: async () => {
      const closed = close()
      cut()
      await closed
    },
    async [Symbol.asyncDispose]() {
      const closed = listener.listening ? close() : undefined
      await endProcesses()
      cut()
      await closed
      await rm(root, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

function knows(attempt: AuthContext, user: string): boolean {
  const key = ssh2.utils.parseKey(platformKey.publicKey)
  if (key instanceof Error || attempt.method !== 'publickey' || attempt.username !== user) return false
  if (!attempt.key.data.equals(key.getPublicSSH())) return false
  return (
    attempt.signature === undefined ||
    attempt.blob === undefined ||
    key.verify(attempt.blob, attempt.signature) === true
  )
}

/** The script an act describes; it leaves a byte in begun.<id> as its first command. */
function bash(root: string, id: string, act: Act): string {
  const lines = [`printf x >> '${root}/begun.${id}'`]
  if (act.print !== undefined) lines.push(`printf '%s' '${act.print}'`)
  if (act.printBytes !== undefined) lines.push(`head -c ${act.printBytes} /dev/zero | tr '\\0' x`)
  for (const [key, value] of Object.entries(act.outputs ?? {})) {
    lines.push(`printf '%s=%s\\n' ${key} ${value.startsWith('$') ? `"${value}"` : `'${value}'`} >> "$GANTRY_OUTPUT"`)
  }
  if (act.hold) lines.push(`while [ ! -e '${root}/go.${id}' ]; do sleep 0.02; done`)
  return [...lines, `exit ${act.exit ?? 0}`].join('\n')
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

async function untilGone(pid: number): Promise<void> {
  for (let naps = 0; naps < 200; naps++) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    if (stat === '' || /\) [ZX]/.test(stat)) return
    await seams.clock.sleep(5)
  }
  throw new Error(`process ${pid} does not die`)
}

async function readAll(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return Promise.all(
    entries.filter((entry) => entry.isFile()).map((entry) => readFile(join(entry.parentPath, entry.name), 'utf8')),
  )
}
