// A login with the system's own ssh, or with Gantry's where there is none. Key and known host exist only while it runs, in a folder for their owner alone;
// the host key is the one Gantry pinned, so nobody is ever asked whether to trust it.

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { ApiProblem } from './client/api-problem.ts'
import type { MachineSsh } from './client/types.ts'
import type { Session } from './session.ts'
import type { World } from './world.ts'

/** Runs ssh to the machine and gives back its exit code. */
export async function openShell({ api, world }: Session, machine: string, command: readonly string[]): Promise<number> {
  const access = await api.machineSsh(machine)
  const folder = mkdtempSync(join(tmpdir(), 'gantry-ssh-'))
  try {
    const code = await ssh([...sshArguments(access, folder), ...command], world)
    return code === notInstalled ? await ownTerminal(access, command, world) : code
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Writes the two files ssh needs and gives the arguments that make it use nothing else. */
function sshArguments(access: MachineSsh, folder: string): string[] {
  const key = join(folder, 'key')
  const knownHosts = join(folder, 'known_hosts')
  writeFileSync(key, `${access.privateKey.trimEnd()}\n`, { mode: 0o600 })
  writeFileSync(knownHosts, `${access.knownHosts.trimEnd()}\n`, { mode: 0o600 })
  const options = {
    IdentityFile: key,
    IdentitiesOnly: 'yes',
    IdentityAgent: 'none',
    UserKnownHostsFile: knownHosts,
    GlobalKnownHostsFile: '/dev/null',
    StrictHostKeyChecking: 'yes',
    UpdateHostKeys: 'no',
    PasswordAuthentication: 'no',
    KbdInteractiveAuthentication: 'no',
    LogLevel: 'ERROR',
  }
  const flags = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  return ['-F', '/dev/null', ...flags, '-p', String(access.port), '-l', access.user, '--', access.host]
}

/** Ctrl-C is typed to the machine, or sent to ssh by the terminal itself; where only we are told to end, ssh is told too. */
function ssh(args: readonly string[], { env, signal }: World): Promise<number | typeof notInstalled> {
  return new Promise((resolve, reject) => {
    const child = spawn('ssh', args, { stdio: 'inherit', env })
    const end = () => child.kill('SIGTERM')
    signal.addEventListener('abort', end)
    child.on('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return resolve(notInstalled)
      const detail = 'The program ssh does not start here.'
      reject(new ApiProblem({ code: 'no_ssh', status: 0, detail, next: 'Look at why it does not.' }, { cause }))
    })
    child.on('close', (code, killedBy) => {
      signal.removeEventListener('abort', end)
      resolve(code ?? 128 + (killedBy ? constants.signals[killedBy] : 0))
    })
  })
}

const notInstalled = 'not installed'

async function ownTerminal(access: MachineSsh, command: readonly string[], { local, signal }: World): Promise<number> {
  if (!local) {
    const detail = 'The program ssh is not installed here.'
    throw new ApiProblem({ code: 'no_ssh', status: 0, detail, next: 'Install the OpenSSH client.' })
  }
  const { host: address, port, user, hostKey, privateKey: privateKeyPem } = access
  return local.terminal({ endpoint: { address, port }, user, hostKey, privateKeyPem }, command, signal)
}
