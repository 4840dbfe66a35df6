// The machine as the rules of Remote want it (test/conformance/remote): its disk is read from outside, its processes are
// killed from inside.

import { existsSync, readdirSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sshRemote } from '../../src/bootstrap/index.ts'
import { realSeams } from '../../src/kernel/real-seams.ts'
import { type HarnessMachine, type RemoteHarness, scriptOf } from '../conformance/remote/harness.ts'
import { isOnDisk } from '../conformance/remote/on-disk.ts'
import { type MachineOptions, type SshMachine, sshMachine } from './machine.ts'
import { pass } from './wire.ts'

/** A machine, and the hand that does to its scripts what fate does. */
export function fateOf(machine: SshMachine): HarnessMachine {
  const attempts = machine.path('var/lib/gantry/attempts')
  const ends = () =>
    (existsSync(attempts) ? readdirSync(attempts, { recursive: true, encoding: 'utf8' }) : []).filter((name) =>
      /\/exit\.\d+$/.test(name),
    ).length
  return {
    target: machine.target,
    script: (id, act) => scriptOf(machine.folder, id, act),
    begun: async (id) => (await readFile(join(machine.folder, `begun.${id}`), 'utf8').catch(() => '')).length,
    release: (id) => writeFile(join(machine.folder, `go.${id}`), ''),
    async kill(id) {
      const owner = await readFile(join(attempts, id, 'owner'), 'utf8').catch(() => '')
      const [kind, pid] = owner.trim().split(' ')
      if (kind === 'run') await machine.run(`kill -9 ${pid}; while kill -0 ${pid} 2>/dev/null; do sleep 0.01; done`)
    },
    reboot: () => machine.reboot(),
    async onDisk(text) {
      for (const kept of ['var/lib', 'root', 'home']) if (await isOnDisk(machine.path(kept), text)) return true
      return false
    },
    claimOnly: async (id) => {
      await mkdir(join(attempts, id))
    },
    cutNext(point) {
      const before = ends()
      machine.wire.rule = (way) => {
        const isTime = point === 'beforeItRuns' ? way === 'toServer' : way === 'toClient' && ends() > before
        if (isTime) machine.wire.rule = pass
        return isTime ? 'reset' : 'pass'
      }
    },
  }
}

export async function sshHarness(options: MachineOptions = {}): Promise<RemoteHarness> {
  const remote = sshRemote(realSeams())
  const machines: SshMachine[] = []
  return {
    remote,
    machine: async () => {
      const machine = await sshMachine(options)
      machines.push(machine)
      return fateOf(machine)
    },
    async [Symbol.asyncDispose]() {
      await remote[Symbol.asyncDispose]()
      for (const machine of machines) await machine[Symbol.asyncDispose]()
    },
  }
}
