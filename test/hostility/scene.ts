// One hostile machine and a Remote that speaks to it, with the verbs as short as a test wants them.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type AttemptStatus,
  type Remote,
  type ScriptAttempt,
  type SshRemoteLimits,
  sshRemote,
} from '../../src/bootstrap/index.ts'
import { realSeams } from '../../src/kernel/real-seams.ts'
import { type MachineOptions, type SshMachine, sshMachine } from './machine.ts'

export const signal = new AbortController().signal

export interface Scene extends AsyncDisposable {
  readonly machine: SshMachine
  readonly remote: Remote
  /** Starts a bash script and waits for its end up to `waitMs`, by default long enough. */
  start(id: string, script: string, waitMs?: number, over?: Partial<ScriptAttempt>): Promise<AttemptStatus>
  look(id: string, waitMs?: number): Promise<AttemptStatus>
  /** Looks until it neither runs nor is absent. */
  end(id: string): Promise<AttemptStatus>
  log(id: string, offset?: number, maxBytes?: number): Promise<string>
  /** How often the script said `$mark`, which every script of this scene can run to leave a trace outside of its log. */
  marks(): Promise<number>
  /** Shell text that leaves a mark. */
  readonly mark: string
}

export async function scene(options: MachineOptions = {}, limits: Partial<SshRemoteLimits> = {}): Promise<Scene> {
  const machine = await sshMachine(options)
  const remote = sshRemote(realSeams(), limits)
  const { target } = machine
  const trace = join(machine.folder, 'marks')
  const look = (id: string, waitMs = 0) => remote.look(target, id, waitMs, signal)
  return {
    machine,
    remote,
    mark: `printf x >> ${trace}`,
    start: (id, script, waitMs = 30_000, over = {}) => {
      const usual = { stepKey: `script/a@1/${id}`, fence: 1, fenceScope: 'plt_1', env: {}, secretEnv: {} }
      const attempt = { ...usual, timeoutMs: 60_000, mustGive: [], ...over, id, script }
      return remote.start(target, [attempt], waitMs, signal)
    },
    look,
    async end(id) {
      let status = await look(id, 2_000)
      while (status.kind === 'running' || status.kind === 'absent') status = await look(id, 2_000)
      return status
    },
    log: async (id, offset = 0, maxBytes = 100_000) =>
      Buffer.from(await remote.log(target, id, offset, maxBytes, signal)).toString(),
    marks: async () => (await readFile(trace, 'utf8').catch(() => '')).length,
    async [Symbol.asyncDispose]() {
      await remote[Symbol.asyncDispose]()
      await machine[Symbol.asyncDispose]()
    },
  }
}
