import type { Process } from '../../providers/simulated/shell/inside.ts'
import type { SimMachine } from '../../providers/simulated/world/sim-machine.ts'
import type { Checked, ScriptAttempt } from '../../src/bootstrap/remote.ts'
import type { Seams } from '../../src/kernel/seams.ts'

// One attempt on a machine in memory: its script as a process of the machine, its log and outputs as files there.

interface Ended {
  readonly exitCode: number
  readonly outputs: Readonly<Record<string, string>>
}

export interface Folder {
  readonly id: string
  /** Null for a folder in which nothing began. */
  readonly process: Process | null
  /** The boot it was started in: a script does not survive its machine's restart. */
  readonly bootId: string
  status: 'running' | 'lost' | 'stopped' | Ended
  /** Settles when the script has ended; never when the machine died first. */
  readonly ended: Promise<void>
}

/** A folder in which nothing runs any more. */
export type FolderState = Omit<Folder, 'process' | 'ended' | 'status'> & {
  readonly status: Exclude<Folder['status'], 'running'>
}

/** Undefined while its script runs. */
export function folderState({ process: _, ended: __, status, ...rest }: Folder): FolderState | undefined {
  return status === 'running' ? undefined : { ...rest, status }
}

/** Nobody waits for its end, which was before. */
export function folderFrom(state: FolderState): Folder {
  return { ...state, process: null, ended: Promise.resolve() }
}

const logCap = 16 * 2 ** 20
const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Starts the script; the folder is the caller's to file. */
export function startScript(machine: SimMachine, attempt: ScriptAttempt): Folder {
  const inside = machine.inside()
  const folderPath = `/var/lib/gantry/${attempt.id}`
  inside.disk.mkdirSync(folderPath, { recursive: true })
  inside.disk.writeFileSync(`${folderPath}/output`, '')
  const process = inside.spawn({
    run: { kind: 'script', script: attempt.script },
    env: {
      PATH: path,
      HOME: '/root',
      USER: 'root',
      ...attempt.env,
      ...attempt.secretEnv,
      GANTRY_OUTPUT: `${folderPath}/output`,
    },
    cwd: '/root',
    user: inside.root,
    stdin: '',
    prelude: '',
    output: { out: `${folderPath}/log`, err: `${folderPath}/log`, fresh: [] },
    parent: null,
    tiedTo: null,
  })
  const limit = timeLimit(inside.seams, process, Math.max(1, attempt.timeoutMs))
  const folder: Folder = {
    id: attempt.id,
    process,
    bootId: inside.bootId,
    status: 'running',
    ended: new Promise((resolve) => {
      process.done
        .then(async (result) => {
          if (process.killedBy === 'KILL' && !limit.reached) {
            folder.status = 'lost'
            return
          }
          const outputs = parseOutputs(new TextDecoder().decode(await readFile(machine, `${folderPath}/output`)))
          folder.status = { exitCode: limit.reached ? 124 : result.exitCode, outputs }
          resolve()
        })
        .catch(resolve)
    }),
  }
  return folder
}

/** Runs a script that leaves nothing behind. */
export async function runCheck(machine: SimMachine, script: string, timeoutMs: number): Promise<Checked> {
  const inside = machine.inside()
  const process = inside.spawn({
    run: { kind: 'script', script },
    env: { PATH: path, HOME: '/root', USER: 'root' },
    cwd: '/root',
    user: inside.root,
    stdin: '',
    prelude: '',
    output: { out: null, err: null, fresh: [] },
    parent: null,
    tiedTo: null,
  })
  const limit = timeLimit(inside.seams, process, timeoutMs)
  const { exitCode, stdout } = await process.done
  return { exitCode: limit.reached ? 124 : exitCode, said: String(stdout).trim() }
}

/** A folder whose starter died, or that was made so that nothing begins in it. */
export function neverBegun(machine: SimMachine, id: string, status: 'lost' | 'stopped'): Folder {
  return { id, process: null, bootId: machine.inside().bootId, status, ended: new Promise(() => {}) }
}

/** Ends a process that takes too long: SIGTERM, and SIGKILL 10 s later. */
function timeLimit({ clock }: Seams, process: Process, ms: number): { readonly reached: boolean } {
  const limit = { reached: false }
  const over = new AbortController()
  process.done.then(() => over.abort(), expectNothing)
  const watch = async (): Promise<void> => {
    await clock.sleep(ms, over.signal)
    limit.reached = true
    process.kill('TERM')
    await clock.sleep(10_000, over.signal)
    process.kill('KILL')
  }
  watch().catch(expectNothing)
  return limit
}

/** The sleeps of a limit end by abort when the process does. */
function expectNothing(): void {}

/** The log, cut as the runner on a real machine cuts it. */
export async function readLog(machine: SimMachine, folder: Folder): Promise<Uint8Array> {
  const whole = await readFile(machine, `/var/lib/gantry/${folder.id}/log`)
  if (whole.length <= logCap) return whole
  const kept = logCap - 128
  const note = `\n[gantry: the log is full, ${whole.length - kept} more bytes were dropped]\n`
  return Buffer.concat([whole.subarray(0, kept), Buffer.from(note)])
}

function readFile(machine: SimMachine, path: string): Promise<Uint8Array> {
  return machine
    .inside()
    .disk.readFileBuffer(path)
    .catch(() => new Uint8Array())
}

/** `KEY=value` lines; what is no such line is left out. */
function parseOutputs(text: string): Record<string, string> {
  const outputs: Record<string, string> = {}
  for (const line of text.split('\n')) {
    const match = /^([A-Za-z_][A-Za-z0-9_-]*)=(.*)$/.exec(line)
    if (match?.[1] !== undefined && match[2] !== undefined) outputs[match[1]] = match[2]
  }
  return outputs
}
