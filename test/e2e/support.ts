// What the end-to-end tests share: looking at a machine with the system's own ssh, and a request as the engine makes it.

import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { realSeams } from '../../src/kernel/real-seams.ts'
import type { MachineRequest, OwnerTag } from '../../src/provider/contract.ts'
import { makeSshKeyPair, type SshKeyPair } from '../../src/secrets/keys.ts'
import type { LabFacts } from '../lab/incus/lab.ts'

const run = promisify(execFile)
export const seams = realSeams()

export interface Login {
  readonly address: string
  readonly user: string
  /** OpenSSH PEM. */
  readonly privateKeyPem: string
  /** One-line public key the machine must prove. */
  readonly hostKey: string
}

/**
 * Runs a command on a machine by the system's ssh client, which must see the expected host key. Answers its output;
 * throws with what it said when it fails.
 */
export async function ssh(
  login: Login,
  command: string,
  { input }: { readonly input?: Uint8Array } = {},
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gantry-e2e-'))
  try {
    const key = join(folder, 'key')
    const known = join(folder, 'known')
    await writeFile(key, login.privateKeyPem, { mode: 0o600 })
    await writeFile(known, `${login.address} ${login.hostKey}\n`)
    const options = ['BatchMode=yes', 'StrictHostKeyChecking=yes', `UserKnownHostsFile=${known}`, 'ConnectTimeout=10']
    const args = [...options.flatMap((option) => ['-o', option]), '-i', key, `${login.user}@${login.address}`, command]
    const running = run('ssh', args, { timeout: 60_000, maxBuffer: 1 << 24 })
    running.child.stdin?.end(input)
    return (await running).stdout
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Asks until the answer is there, at most `withinMs`; fails with the last error or answer. */
export async function eventually<T>(
  withinMs: number,
  ask: () => Promise<T>,
  isDone: (answer: T) => boolean,
): Promise<T> {
  const end = seams.clock.now() + withinMs
  for (;;) {
    let last: unknown
    try {
      const answer = await ask()
      if (isDone(answer)) return answer
      last = `still ${JSON.stringify(answer)}`
    } catch (error) {
      last = error
    }
    if (seams.clock.now() > end) throw new Error(`not within ${withinMs} ms`, { cause: last })
    await seams.clock.sleep(200)
  }
}

export interface Asked {
  readonly request: MachineRequest
  readonly login: SshKeyPair
  readonly host: SshKeyPair
}

/** A machine as the engine would ask for it. */
export function machineRequest(facts: LabFacts, owner: OwnerTag, zone: string, hostname: string): Asked {
  const login = makeSshKeyPair(seams, 'platform')
  const host = makeSshKeyPair(seams, 'host')
  return {
    login,
    host,
    request: {
      owner,
      hostname,
      resources: { cpu: 1, memoryBytes: 512 * 2 ** 20, diskBytes: 4 * 2 ** 30 },
      image: facts.image,
      zone,
      host: zone,
      spreadGroup: null,
      networks: [],
      loginUser: facts.loginUser,
      authorizedKey: login.publicKey,
      hostKey: host,
      specHash: `spec-of-${hostname}`,
    },
  }
}
