import type { SimMachine } from '../../providers/simulated/world/sim-machine.ts'
import { answers } from '../../providers/simulated/world/sim-machine.ts'
import type { World } from '../../providers/simulated/world/world.ts'
import {
  type AttemptStatus,
  type Remote,
  RemoteFault,
  type RemoteTarget,
  type ScriptAttempt,
} from '../../src/bootstrap/remote.ts'
import { sha256 } from '../../src/kernel/canonical.ts'
import type { NativeRef } from '../../src/provider/contract.ts'
import {
  type Folder,
  type FolderState,
  folderFrom,
  folderState,
  neverBegun,
  readLog,
  runCheck,
  startScript,
} from './memory-attempt.ts'
import { isKeyPair, sameKey } from './ssh-keys.ts'

// The runner's promises kept directly, without SSH and without a shell runner: a folder per attempt is an entry
// in a map of the machine, made exclusively. The script itself runs in the same simulated machine as over SSH.

export interface Start {
  readonly attemptId: string
  readonly stepKey: string
  readonly incarnation: string
  readonly fence: number
  /** sha256 over script and environment: what ran, apart from who asked. */
  readonly digest: string
  readonly at: number
}

export interface MemoryRemote extends Remote {
  /** Every script that was really started, in order. */
  readonly starts: readonly Start[]
  /** Attempts that were started more than once: must be empty, always. */
  startedTwice(): readonly string[]
  /** Ends an attempt's process as SIGKILL does. */
  kill(target: RemoteTarget, attemptId: string): void
  /** An attempt's folder as a starter leaves it that died right after making it. */
  claimOnly(target: RemoteTarget, attemptId: string): void
  /** For the remote of a copy of its world; undefined while a script runs. */
  state(): RemoteState | undefined
}

export interface RemoteState {
  readonly starts: readonly Start[]
  readonly disks: readonly (readonly [
    NativeRef,
    { readonly fences: Disk['fences']; readonly folders: readonly FolderState[] },
  ])[]
}

interface Disk {
  readonly folders: Map<string, Folder>
  /** Highest fence seen, by scope. */
  readonly fences: Map<string, number>
}

/** A Remote over a memory world. What its disks hold survives it, as it should: a second one sees the same folders. */
export function memoryRemote(world: World, from?: RemoteState): MemoryRemote {
  if (from) goOn(world, from)
  const starts = startsOf(world)
  const clock = world.seams.clock

  const machineOf = (target: RemoteTarget): SimMachine | undefined =>
    target.endpoints.map((endpoint) => world.at(endpoint)).find((found) => found !== undefined)
  const folderOf = (target: RemoteTarget, attemptId: string): Folder | undefined => {
    const machine = machineOf(target)
    return machine === undefined ? undefined : diskOf(machine).folders.get(attemptId)
  }

  const reach = async (target: RemoteTarget, signal: AbortSignal): Promise<SimMachine> => {
    if (signal.aborted) throw new RemoteFault('broken', 'aborted')
    if (world.layout.latencyMs > 0) await clock.sleep(world.layout.latencyMs, signal).catch(() => {})
    if (signal.aborted) throw new RemoteFault('broken', 'aborted')
    const machine = machineOf(target)
    if (machine === undefined || !answers(machine, clock.now()))
      throw new RemoteFault('unreachable', `${target.endpoints[0]?.address ?? 'nowhere'} does not answer`)
    if (!sameKey(machine.request.hostKey.publicKey, target.hostKey))
      throw new RemoteFault('hostKeyChanged', `${machine.endpoint.address} shows another host key`)
    const known = target.user === machine.request.loginUser && !machine.deniesLogins
    if (!known || !isKeyPair(target.privateKeyPem, machine.request.authorizedKey))
      throw new RemoteFault('loginDenied', `${target.user}'s key was refused`)
    if (machine.cutNext === 'beforeItRuns') {
      machine.cutNext = null
      throw new RemoteFault('broken', 'the connection broke')
    }
    return machine
  }

  /** What the caller hears, unless the connection breaks before it does. */
  const told = <T>(machine: SimMachine, answer: T): T => {
    if (machine.cutNext !== 'afterItRan') return answer
    machine.cutNext = null
    throw new RemoteFault('broken', 'the connection broke')
  }

  const statusOf = async (machine: SimMachine, folder: Folder): Promise<AttemptStatus> => {
    const logBytes = (await readLog(machine, folder)).length
    if (folder.status === 'running')
      return folder.bootId === machine.inside().bootId
        ? { kind: 'running', logBytes }
        : { kind: 'lost', detail: 'the machine was started anew', logBytes }
    if (folder.status === 'stopped') return { kind: 'stopped' }
    if (folder.status === 'lost') return { kind: 'lost', detail: 'the process is gone', logBytes }
    return { kind: 'ended', ...folder.status, logBytes }
  }

  /** The status after at most `waitMs`; a machine that dies meanwhile breaks the call. */
  const waited = async (
    machine: SimMachine,
    folder: Folder,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<AttemptStatus> => {
    if (folder.status === 'running' && waitMs > 0) {
      const stop = new AbortController()
      const pause = clock.sleep(waitMs, AbortSignal.any([stop.signal, signal])).catch(() => {})
      await Promise.race([folder.ended, pause])
      stop.abort()
      if (signal.aborted) throw new RemoteFault('broken', 'aborted')
      if (!answers(machine, clock.now())) throw new RemoteFault('broken', 'the connection broke')
    }
    return statusOf(machine, folder)
  }

  const checkFence = (disk: Disk, { fence, fenceScope }: Pick<ScriptAttempt, 'fence' | 'fenceScope'>): void => {
    if (fence < (disk.fences.get(fenceScope) ?? 0))
      throw new RemoteFault('fenced', `${fenceScope} has seen a higher fence than ${fence}`)
    disk.fences.set(fenceScope, fence)
  }

  /** Makes the first one's folder and starts it; the rest follow as the rules of a journey say. */
  const launch = (machine: SimMachine, incarnation: string, [attempt, ...rest]: readonly ScriptAttempt[]): void => {
    const disk = diskOf(machine)
    if (attempt === undefined || disk.folders.has(attempt.id)) return
    const folder = startScript(machine, attempt)
    disk.folders.set(attempt.id, folder)
    starts.push({
      attemptId: attempt.id,
      stepKey: attempt.stepKey,
      incarnation,
      fence: attempt.fence,
      digest: sha256(JSON.stringify([attempt.script, attempt.env, attempt.secretEnv])),
      at: clock.now(),
    })
    const onwards = () => {
      const { status } = folder
      if (typeof status === 'string' || status.exitCode !== 0) return
      if (attempt.mustGive.some((name) => status.outputs[name] === undefined)) return
      if (attempt.fence < (disk.fences.get(attempt.fenceScope) ?? 0)) return
      launch(machine, incarnation, rest)
    }
    folder.ended.then(onwards, onwards)
  }

  return {
    starts,
    startedTwice: () => {
      const ids = starts.map((start) => start.attemptId)
      return [...new Set(ids.filter((id, i) => ids.indexOf(id) !== i))]
    },
    prove: async (target, signal) => {
      await reach(target, signal)
    },
    start: async (target, journey, waitMs, signal) => {
      const machine = await reach(target, signal)
      const disk = diskOf(machine)
      const [first] = journey
      checkFence(disk, first)
      if (!disk.folders.has(first.id)) {
        if (machine.inside().diskFull) throw new RemoteFault('noSpace', 'No space left on device')
        launch(machine, target.incarnation, journey)
      }
      const folder = disk.folders.get(first.id)
      return told(machine, folder === undefined ? { kind: 'absent' } : await waited(machine, folder, waitMs, signal))
    },
    stop: async (target, attempt, signal) => {
      const machine = await reach(target, signal)
      const disk = diskOf(machine)
      checkFence(disk, attempt)
      const folder = disk.folders.get(attempt.id) ?? neverBegun(machine, attempt.id, 'stopped')
      disk.folders.set(attempt.id, folder)
      return told(machine, await statusOf(machine, folder))
    },
    look: async (target, attemptId, waitMs, signal) => {
      const machine = await reach(target, signal)
      const folder = diskOf(machine).folders.get(attemptId)
      return told(machine, folder === undefined ? { kind: 'absent' } : await waited(machine, folder, waitMs, signal))
    },
    log: async (target, attemptId, offset, maxBytes, signal) => {
      const machine = await reach(target, signal)
      const folder = diskOf(machine).folders.get(attemptId)
      if (folder === undefined) return new Uint8Array()
      return (await readLog(machine, folder)).subarray(offset, offset + maxBytes)
    },
    check: async (target, script, timeoutMs, signal) => {
      const machine = await reach(target, signal)
      return told(machine, await runCheck(machine, script, timeoutMs))
    },
    kill: (target, attemptId) => {
      folderOf(target, attemptId)?.process?.kill('KILL')
    },
    claimOnly: (target, attemptId) => {
      const machine = machineOf(target)
      if (machine === undefined) return
      diskOf(machine).folders.set(attemptId, neverBegun(machine, attemptId, 'lost'))
    },
    forget: () => {},
    state: () => stateOf(world),
    [Symbol.asyncDispose]: async () => {},
  }
}

const disks = new WeakMap<SimMachine, Disk>()

function diskOf(machine: SimMachine): Disk {
  let disk = disks.get(machine)
  if (disk === undefined) {
    disk = { folders: new Map(), fences: new Map() }
    disks.set(machine, disk)
  }
  return disk
}

const journals = new WeakMap<World, Start[]>()

/** One journal a world, however many remotes look at it. */
function startsOf(world: World): Start[] {
  const journal = journals.get(world) ?? []
  journals.set(world, journal)
  return journal
}

function stateOf(world: World): RemoteState | undefined {
  const disks: [NativeRef, RemoteState['disks'][number][1]][] = []
  for (const machine of world.living()) {
    const { folders, fences } = diskOf(machine)
    const states = [...folders.values()].map(folderState)
    if (states.includes(undefined)) return undefined
    disks.push([machine.ref, { fences: new Map(fences), folders: states.filter((state) => state !== undefined) }])
  }
  return { starts: [...startsOf(world)], disks }
}

function goOn(world: World, { starts, disks: theirs }: RemoteState): void {
  journals.set(world, [...starts])
  for (const [ref, { fences, folders }] of theirs) {
    const machine = world.byRef(ref)
    if (!machine) continue
    const made = folders.map((state): [string, Folder] => [state.id, folderFrom(state)])
    disks.set(machine, { fences: new Map(fences), folders: new Map(made) })
  }
}
