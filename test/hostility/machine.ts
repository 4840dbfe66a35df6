// A real machine as far as SSH can tell: OpenSSH, PAM, sudo, bash and a file system of its own, in namespaces of this
// host. It boots, reboots, fills its disk and mistakes the year for real; only its kernel is shared.

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomInt, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { appendFile, chmod, chown, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { RemoteTarget } from '../../src/bootstrap/index.ts'
import { realSeams } from '../../src/kernel/real-seams.ts'
import { makeSshKeyPair } from '../../src/secrets/index.ts'
import { type Wire, wireTo } from './wire.ts'

const exec = promisify(execFile)
const newKey = (comment: string) => makeSshKeyPair(realSeams(), comment)
const ownKey = newKey('platform')
const uid = 4242

export interface MachineOptions {
  /** Default root. Another one has sudo as `sudoers` says. */
  readonly user?: string
  /** Its line of sudoers after the user's name; default `ALL=(ALL) NOPASSWD: ALL`, '' for no line at all. */
  readonly sudoers?: string
  readonly login?: Login
  /** A file system of this size under /var/lib/gantry, and with so many inodes; default: as large as the host's. */
  readonly disk?: { readonly KiB: number; readonly inodes?: number }
  /** What its shells and all they start believe of the clock, as libfaketime says it, e.g. `+365d`. */
  readonly clock?: string
  /** More lines of sshd_config; they win over ours. */
  readonly sshd?: readonly string[]
  readonly hostKeyPem?: string
  readonly authorizedKey?: string
  /** Off until `boot` is called. */
  readonly off?: boolean
}

export interface Login {
  /** Text of the login shell; default bash itself. */
  readonly shell?: string
  /** Text of the user's ~/.bashrc, which bash reads when sshd starts it. */
  readonly bashrc?: string
}

export interface SshMachine extends AsyncDisposable {
  /** By the wire, with the host key it had at first. */
  readonly target: RemoteTarget
  readonly wire: Wire
  /** A folder that is the same inside and outside, for traces of scripts. */
  readonly folder: string
  /** Runs a command inside it as root, past SSH; answers what it printed. */
  run(command: string): Promise<string>
  /** A file under /etc, /home, /root or /var/lib of it. */
  path(inside: string): string
  boot(): Promise<void>
  /** Pulls the plug: every process is gone. */
  halt(): Promise<void>
  reboot(): Promise<void>
  /** From now on it shows another host key, made anew unless one is given; connections that stand are not touched. */
  changeHostKey(pem?: string): Promise<void>
  setSudoers(line: string): Promise<void>
  setLogin(login: Login): Promise<void>
  setClock(offset: string): Promise<void>
  /** What its sshd said. */
  readonly log: string
}

export async function sshMachine(options: MachineOptions = {}): Promise<SshMachine> {
  const folder = await mkdtemp(join(tmpdir(), 'gantry-sshd-'))
  const address = `127.${randomInt(100, 255)}.${randomInt(1, 255)}.${randomInt(1, 255)}`
  const user = options.user ?? 'root'
  const host = newKey('host')
  const path = (inside: string) => join(folder, inside)
  const clockFile = path('clock')
  let life: { readonly process: ChildProcess; readonly init: number } | undefined
  let log = ''

  await exec('cp', ['-a', '/etc', path('etc')])
  for (const name of ['home', 'root', 'var/lib/gantry']) await mkdir(path(name), { recursive: true })
  const home = user === 'root' ? '/root' : `/home/${user}`
  const shell = '/etc/login-shell'
  if (user !== 'root') {
    await appendFile(path('etc/passwd'), `${user}:x:${uid}:${uid}::${home}:${shell}\n`)
    await appendFile(path('etc/shadow'), `${user}:*:19000:0:99999:7:::\n`)
    await appendFile(path('etc/group'), `${user}:x:${uid}:\n`)
    await mkdir(path(home))
    await chown(path(home), uid, uid)
  } else {
    const passwd = await readFile(path('etc/passwd'), 'utf8')
    await writeFile(path('etc/passwd'), passwd.replace(/^(root:.*):[^:]*$/m, `$1:${shell}`))
  }
  const setLogin = async (login: Login) => {
    await rm(path(shell), { force: true })
    if (login.shell === undefined) await symlink('/bin/bash', path(shell))
    else await writeFile(path(shell), login.shell, { mode: 0o755 })
    await writeFile(path(`${home}/.bashrc`), login.bashrc ?? '')
  }
  await setLogin(options.login ?? {})

  const setSudoers = async (line: string) => {
    const keeps = 'Defaults env_keep += "GANTRY_GRACE_MS"\n'
    const text = line === '' ? keeps : `${keeps}${user} ${line}\n`
    await writeFile(path('etc/sudoers.d/gantry-test'), text, { mode: 0o440 })
    await chmod(path('etc/sudoers.d/gantry-test'), 0o440)
  }
  await setSudoers(options.sudoers ?? 'ALL=(ALL) NOPASSWD: ALL')
  await writeFile(clockFile, options.clock ?? '+0')

  // A container may not set its login uid; what it is for, the audit log, is not here.
  const pam = await readFile(path('etc/pam.d/sshd'), 'utf8')
  await writeFile(path('etc/pam.d/sshd'), pam.replace(/^.*pam_loginuid.*$/m, ''))
  const faked = `LD_PRELOAD=/usr/$LIB/faketime/libfaketime.so.1 FAKETIME_TIMESTAMP_FILE=${clockFile} FAKETIME_NO_CACHE=1`
  const sshdConfig = [
    ...(options.sshd ?? []),
    `ListenAddress ${address}`,
    'Port 2222',
    'HostKey /etc/ssh/host_key',
    'AuthorizedKeysFile /etc/ssh/authorized_keys',
    'StrictModes no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    'UsePAM yes',
    `SetEnv GANTRY_GRACE_MS=2000 ${options.clock === undefined ? '' : faked}`,
  ]
  await writeFile(path('etc/ssh/sshd_config'), `${sshdConfig.join('\n')}\n`)
  const setHostKey = (pem: string) => writeFile(path('etc/ssh/host_key'), pem, { mode: 0o600 })
  await setHostKey(options.hostKeyPem ?? host.privateKeyPem)
  await writeFile(path('etc/ssh/authorized_keys'), `${options.authorizedKey ?? ownKey.publicKey}\n`)

  async function boot(): Promise<void> {
    if (life) return
    await writeFile(path('boot_id'), `${randomUUID()}\n`)
    const disk = [String(options.disk?.KiB ?? 0), String(options.disk?.inodes ?? 0)]
    const script = join(import.meta.dirname, 'machine.sh')
    const namespaces = ['unshare', '--mount', '--pid', '--ipc', '--fork', '--kill-child', '--mount-proc']
    const args = ['--pdeathsig', 'KILL', ...namespaces, 'sh', script, folder, ...disk]
    const child = spawn('setpriv', args, { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: process.env.PATH } })
    const listening = new Promise<void>((resolve, reject) => {
      child.stderr.on('data', (piece: Buffer) => {
        log += piece
        if (/Server listening on /.test(log.slice(from))) resolve()
      })
      child.on('exit', () => reject(new Error(`the machine did not come up:\n${log}`)))
    })
    const from = log.length
    await listening
    const [init] = (await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')).trim().split(' ')
    life = { process: child, init: Number(init) }
  }

  async function halt(): Promise<void> {
    if (!life) return
    const { process: child, init } = life
    life = undefined
    // Its first process takes all others along, and unshare ends when the last of them is gone.
    const gone = once(child, 'exit')
    process.kill(init, 'SIGKILL')
    await gone
  }

  const wire = await wireTo({ address, port: 2222 })
  if (!options.off) await boot()
  return {
    target: {
      incarnation: `mch_${address}_${folder.slice(-6)}`,
      endpoints: [wire.endpoint],
      user,
      hostKey: host.publicKey,
      privateKeyPem: ownKey.privateKeyPem,
    },
    wire,
    folder,
    path,
    boot,
    halt,
    setSudoers,
    setLogin,
    async run(command) {
      if (!life) throw new Error('the machine is off')
      const { stdout } = await exec('nsenter', ['-t', String(life.init), '-m', '-p', 'sh', '-c', command])
      return stdout
    },
    async reboot() {
      await halt()
      await boot()
    },
    async changeHostKey(pem = newKey('other').privateKeyPem) {
      await setHostKey(pem)
      if (life) process.kill(life.init, 'SIGHUP')
      // sshd starts itself anew when it is hung up on, and says so again.
      const listens = () => (log.match(/Server listening on /g) ?? []).length
      for (const before = listens(); life && listens() === before; ) await realSeams().clock.sleep(5)
    },
    setClock: (offset) => writeFile(clockFile, offset),
    get log() {
      return log
    },
    async [Symbol.asyncDispose]() {
      await wire[Symbol.asyncDispose]()
      await halt()
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
