import type { Seams } from '../../../src/kernel/seams.ts'
import { type Process, type ProcessTable, type Result, signalNumbers } from './inside.ts'

// The process table of a machine. The interpreter runs everything in the foreground, so whatever lives on
// its own (setsid, `&`, a service) is a process here: with a pid that is never used twice in one boot, and a
// start time, which together with the boot id is how a remote runner recognises its own.

const firstPid = 300

export function processTable(seams: Seams, from = firstPid): ProcessTable {
  const table = new Map<number, Process>()
  let lastPid = from

  return {
    get lastPid() {
      return lastPid
    },
    list: () => [...table.values()],
    find: (pid) => table.get(pid),
    start: (spec, body) => {
      const controller = new AbortController()
      lastPid += 1 + Math.floor(seams.random.next() * 3)
      const pid = lastPid
      let settle: (result: Result) => void = () => {}
      const process: Process = {
        pid,
        parentPid: spec.parent?.pid ?? 1,
        user: spec.user,
        startedAt: seams.clock.now(),
        group: spec.parent?.group ?? pid,
        command: spec.command,
        aborted: controller.signal,
        done: new Promise((resolve) => {
          settle = resolve
        }),
        ended: null,
        umask: spec.parent?.umask ?? 0o022,
        traps: new Map(),
        trapVariables: new Map(),
        jobs: [],
        killedBy: null,
        kill: (signal) => {
          if (process.ended !== null || process.killedBy === 'KILL') return
          if (signal !== 'KILL' && process.traps.get(signal) === '') return
          process.killedBy = signal
          controller.abort(new Error(`killed by SIG${signal}`))
        },
      }
      const tied = (): void => process.kill('KILL')
      spec.tiedTo?.addEventListener('abort', tied, { once: true })
      table.set(pid, process)
      const end = (result: Result): void => {
        spec.tiedTo?.removeEventListener('abort', tied)
        process.ended =
          process.killedBy === null ? result : { ...result, exitCode: 128 + signalNumbers[process.killedBy] }
        table.delete(pid)
        settle(process.ended)
      }
      body(process).then(end, (error: unknown) =>
        end({
          stdout: '',
          stderr: `simulated: ${error instanceof Error ? error.message : String(error)}\n`,
          exitCode: 70,
        }),
      )
      return process
    },
    clear: () => {
      for (const process of table.values()) process.kill('KILL')
      table.clear()
      lastPid = firstPid
    },
  }
}
