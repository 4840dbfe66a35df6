// A machine made of this one: an SSH server on loopback, and commands run by the real /bin/sh as child processes whose
// paths are moved into a temporary folder. What a real sshd does with pipes, exit codes and lost connections, it does.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ServerChannel } from 'ssh2'
import { realSeams } from '../../../src/kernel/real-seams.ts'
import { makeSshKeyPair } from '../../../src/secrets/index.ts'
import { type NetworkMachine, scriptOf } from './harness.ts'
import { isOnDisk } from './on-disk.ts'
import { endProcess } from './processes.ts'
import { shims } from './shims.ts'
import { type Sshd, sshd } from './sshd.ts'

const newKey = (comment: string) => makeSshKeyPair(realSeams(), comment)
const platformKey = newKey('platform')

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
  readonly seen: Sshd['seen']
  /** The public host key of some other machine. */
  readonly strangersHostKey: string
  /** From now on it accepts connections and says nothing. */
  hang(): void
}

/** Starts one. Disposing it ends its processes and removes its folder. */
export async function localMachine(options: LocalMachineOptions = {}): Promise<LocalMachine> {
  const root = await mkdtemp(join(tmpdir(), 'gantry-machine-'))
  const bin = await shims(join(root, 'bin'), options.sudo)
  const user = options.user ?? 'root'
  const pinned = newKey('host')
  const children = new Set<ChildProcess>()
  const attempts = join(root, 'var/lib/gantry/attempts')
  let hostKey = pinned
  let noise = ''
  let commands = 0
  let cutAt: 'beforeItRuns' | 'afterItRan' | undefined

  function exec(channel: ServerChannel, command: string): void {
    commands += 1
    const point = cutAt
    cutAt = undefined
    if (point === 'beforeItRuns') server.cut()
    if (point === 'beforeItRuns' || options.hangs) return
    if (noise) channel.write(noise)
    const child = spawn(options.shell ?? '/bin/sh', ['-c', command], {
      cwd: root,
      detached: true,
      env: { PATH: `${bin}:/usr/bin:/bin`, HOME: root, GANTRY_ROOT: root, GANTRY_GRACE_MS: '2000' },
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
      if (point === 'afterItRan') return server.cut()
      if (noise) channel.write(noise)
      channel.exit(code ?? 255)
      channel.end()
    })
  }

  const server = await sshd({
    user,
    authorizedKey: platformKey.publicKey,
    hostKeyPem: () => hostKey.privateKeyPem,
    maxSessions: options.maxSessions ?? Number.POSITIVE_INFINITY,
    exec,
  })
  const target = {
    incarnation: `mch_${server.port}_${root.slice(-6)}`,
    endpoints: [{ address: '127.0.0.1', port: server.port }],
    user,
    hostKey: pinned.publicKey,
    privateKeyPem: platformKey.privateKeyPem,
  }

  const recorded = async (id: string, file: string) =>
    (await readFile(join(attempts, id, file), 'utf8').catch(() => '')).trim().split(' ')

  async function kill(id: string): Promise<void> {
    const [kind, pid, started = ''] = await recorded(id, 'owner')
    if (kind === 'run') await endProcess(Number(pid), started, false)
  }

  async function endEverything(): Promise<void> {
    for (const child of children) child.kill('SIGKILL')
    for (const id of await readdir(attempts).catch(() => [])) {
      await kill(id)
      const [pid, started = ''] = await recorded(id, 'group')
      if (pid) await endProcess(Number(pid), started, true)
    }
  }

  return {
    target,
    root,
    kill,
    seen: server.seen,
    strangersHostKey: newKey('elsewhere').publicKey,
    get commands() {
      return commands
    },
    script: (id, act) => scriptOf(root, id, act),
    begun: async (id) => (await readFile(join(root, `begun.${id}`), 'utf8').catch(() => '')).length,
    release: (id) => writeFile(join(root, `go.${id}`), ''),
    reboot: async () => {
      await endEverything()
      server.cut()
    },
    onDisk: (text) => isOnDisk(root, text),
    claimOnly: async (id) => {
      await mkdir(join(attempts, id))
    },
    cutNext: (point) => {
      cutAt = point
    },
    noise: (text) => {
      noise = text
    },
    changeHostKey: () => {
      hostKey = newKey('other')
      server.cut()
    },
    strangersTarget: () => ({
      ...target,
      incarnation: `${target.incarnation}-stranger`,
      privateKeyPem: newKey('stranger').privateKeyPem,
    }),
    hang: server.hang,
    down: server.close,
    async [Symbol.asyncDispose]() {
      await endEverything()
      await server.close()
      await rm(root, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
