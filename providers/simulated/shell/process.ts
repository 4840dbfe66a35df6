import type { Seams } from '../../../src/kernel/seams.ts'
import type { Result } from './command.ts'

// The process table of a machine. The interpreter runs everything in the foreground, so whatever lives on
// its own (setsid, `&`, a service) is a process here: with a pid that is never used twice in one boot, and a
// start time, which together with the boot id is how a remote runner recognises its own.

export interface User {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly home: string
}

export interface SpawnRequest {
  /** A program with its arguments, or shell text. */
  readonly run: { readonly argv: readonly string[] } | { readonly script: string; readonly name: string }
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly user: User
  readonly stdin: string
  /** Shell text put before everything: redirections and variables inherited from the parent. */
  readonly prelude: string
  readonly parent: Process | null
  /** The child ends when this aborts; null for whatever lives on its own. */
  readonly tiedTo: AbortSignal | null
}

export interface Process {
  readonly pid: number
  readonly parentPid: number
  readonly user: User
  readonly startedAt: number
  /** Session leader's pid; `setsid` makes a process its own leader. */
  session: number
  /** What ps shows. */
  command: string
  readonly aborted: AbortSignal
  readonly done: Promise<Result>
  ended: Result | null
  umask: number
  /** Shell text by signal name or EXIT, as `trap` was told; empty text ignores the signal. */
  readonly traps: Map<string, string>
  /** Variables as they were when `trap` was called, for its text. */
  trapVariables: ReadonlyMap<string, string>
  /** Children in the background, for `wait`. */
  readonly jobs: Process[]
  /** The signal that ended it. */
  killedBy: SignalName | null
  kill(signal: SignalName): void
}

export const signalNumbers = { HUP: 1, INT: 2, QUIT: 3, KILL: 9, USR1: 10, USR2: 12, TERM: 15 } as const
export type SignalName = keyof typeof signalNumbers

export interface ProcessTable {
  list(): readonly Process[]
  find(pid: number): Process | undefined
  /** Starts `body` as a process; its answer is the process's. */
  start(spec: StartSpec, body: (process: Process) => Promise<Result>): Process
  /** Power is gone: everything stops where it is. */
  clear(): void
}

export interface StartSpec {
  readonly command: string
  readonly user: User
  readonly parent: Process | null
  readonly tiedTo: AbortSignal | null
}

export function processTable(seams: Seams): ProcessTable {
  const table = new Map<number, Process>()
  let lastPid = 300

  return {
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
        session: spec.parent?.session ?? pid,
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
      lastPid = 300
    },
  }
}
