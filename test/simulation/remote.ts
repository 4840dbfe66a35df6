// The runner's promises kept without a shell: a folder for each attempt, made once, and scripts that take their time and
// end as chance says.

import {
  type AttemptStatus,
  type Journey,
  type Remote,
  RemoteFault,
  type RemoteTarget,
  type ScriptAttempt,
} from '../../src/bootstrap/remote.ts'
import { noMore } from '../../src/kernel/no-more.ts'
import type { Clock, Random } from '../../src/kernel/seams.ts'
import type { SimCloud } from './cloud.ts'
import type { Counters } from './counters.ts'
import type { Journal } from './journal.ts'
import type { Folder, Vm } from './vm.ts'
import { take } from './weather.ts'

export interface Started {
  readonly attempt: ScriptAttempt
  readonly vm: Vm
}

export interface RemoteDeps {
  readonly clock: Clock
  readonly random: Random
  readonly cloud: SimCloud
  readonly journal: Journal
  readonly counters: Counters
  /** Hears of every script that really starts, before it does. */
  onStart(started: Started, incarnation: string): void
}

export function openRemote({ clock, random, cloud, journal, counters, onStart }: RemoteDeps): Remote {
  const between = (least: number, most: number) => least + Math.floor(random.next() * (most - least + 1))
  const { weather } = cloud

  async function reach(target: RemoteTarget, signal: AbortSignal): Promise<Vm> {
    await clock.sleep(between(1, 20), signal).catch(() => undefined)
    if (signal.aborted) throw new RemoteFault('broken', 'aborted')
    const vm = target.endpoints.map(({ address }) => cloud.at(address)).find((found) => found !== undefined)
    if (vm === undefined || !cloud.answers(vm)) {
      if (vm !== undefined && clock.now() < vm.cutUntil) counters.hit('fault:sshCut')
      throw new RemoteFault('unreachable', `${target.endpoints[0]?.address ?? 'nowhere'} does not answer`)
    }
    if (vm.request.hostKey.publicKey !== target.hostKey)
      throw new RemoteFault('hostKeyChanged', `${vm.address} shows another host key`)
    if (target.user !== vm.request.loginUser) throw new RemoteFault('loginDenied', `${target.user} is refused`)
    if (weather.breakCalls > 0 && random.next() < 0.5) throw broken()
    return vm
  }

  function broken(): RemoteFault {
    take(weather, 'breakCalls')
    counters.hit('fault:sshBreak')
    return new RemoteFault('broken', 'the connection broke')
  }

  /** What the caller hears, unless the connection breaks before it does. */
  function told(answer: AttemptStatus): AttemptStatus {
    if (weather.breakCalls > 0) throw broken()
    return answer
  }

  function checkFence(vm: Vm, { fence, fenceScope }: Pick<ScriptAttempt, 'fence' | 'fenceScope'>): void {
    if (fence < (vm.fences.get(fenceScope) ?? 0))
      throw new RemoteFault('fenced', `${fenceScope} has seen a higher fence than ${fence}`)
    vm.fences.set(fenceScope, fence)
  }

  function statusOf(vm: Vm, folder: Folder): AttemptStatus {
    const logBytes = folder.log.length
    if (folder.status === 'stopped') return { kind: 'stopped' }
    if (folder.status === 'running')
      return folder.boot === vm.boot
        ? { kind: 'running', logBytes: 0 }
        : { kind: 'lost', detail: 'the machine was started anew', logBytes: 0 }
    return { kind: 'ended', ...folder.status, logBytes }
  }

  async function waited(vm: Vm, folder: Folder, waitMs: number, signal: AbortSignal): Promise<AttemptStatus> {
    if (folder.status === 'running' && folder.boot === vm.boot && waitMs > 0) {
      const stop = new AbortController()
      const aborted = () => stop.abort(noMore)
      signal.addEventListener('abort', aborted, { once: true })
      const pause = clock.sleep(waitMs, stop.signal).catch(() => undefined)
      await Promise.race([folder.ended, pause])
      signal.removeEventListener('abort', aborted)
      stop.abort(noMore)
      if (signal.aborted) throw new RemoteFault('broken', 'aborted')
      if (!cloud.answers(vm)) throw new RemoteFault('broken', 'the connection broke')
    }
    return told(statusOf(vm, folder))
  }

  /** Makes the first one's folder and starts it; the rest follow as the rules of a journey say. */
  function launch(vm: Vm, incarnation: string, [attempt, ...rest]: readonly ScriptAttempt[]): void {
    if (attempt === undefined || vm.folders.has(attempt.id)) return
    onStart({ attempt, vm }, incarnation)
    const fails = take(weather, 'failScripts')
    if (fails) counters.hit('fault:scriptFails')
    const slow = take(weather, 'slowScripts')
    if (slow) counters.hit('fault:slowScript')
    const ms = Math.min(slow ? between(20_000, 60_000) : between(50, 3_000), attempt.timeoutMs)
    const exitCode = fails ? 1 : ms === attempt.timeoutMs ? 124 : 0
    const outputs = Object.fromEntries(attempt.mustGive.map((name) => [name, `${name}-${between(1e8, 1e9)}`]))
    const ended = Promise.withResolvers<void>()
    const folder: Folder = {
      id: attempt.id,
      stepKey: attempt.stepKey,
      boot: vm.boot,
      status: 'running',
      log: fails ? 'it failed\n' : '',
      env: attempt.env,
      ended: ended.promise,
    }
    vm.folders.set(attempt.id, folder)
    journal.note(`${vm.ref} starts ${attempt.stepKey} ${attempt.id} for ${ms} ms`)
    clock.sleep(ms).then(
      () => {
        if (folder.boot !== vm.boot || vm.goneAt !== null || cloud.isDown(vm) || vm.power === 'off') return
        folder.status = { exitCode, outputs: exitCode === 0 ? outputs : {} }
        if (exitCode === 0 && isSetup(attempt.stepKey)) vm.undone = false
        ended.resolve()
        const overtaken = attempt.fence < (vm.fences.get(attempt.fenceScope) ?? 0)
        if (exitCode === 0 && !overtaken) launch(vm, incarnation, rest)
      },
      () => undefined,
    )
  }

  return {
    prove: async (target, signal) => {
      await reach(target, signal)
    },
    async start(target: RemoteTarget, journey: Journey, waitMs, signal) {
      const vm = await reach(target, signal)
      const [first] = journey
      checkFence(vm, first)
      launch(vm, target.incarnation, journey)
      const folder = vm.folders.get(first.id)
      return folder === undefined ? told({ kind: 'absent' }) : waited(vm, folder, waitMs, signal)
    },
    async stop(target, attempt, signal) {
      const vm = await reach(target, signal)
      checkFence(vm, attempt)
      const folder = vm.folders.get(attempt.id) ?? neverBegun(attempt.id)
      vm.folders.set(attempt.id, folder)
      return told(statusOf(vm, folder))
    },
    async look(target, id, waitMs, signal) {
      const vm = await reach(target, signal)
      const folder = vm.folders.get(id)
      return folder === undefined ? told({ kind: 'absent' }) : waited(vm, folder, waitMs, signal)
    },
    async log(target, id, offset, maxBytes, signal) {
      const vm = await reach(target, signal)
      return new TextEncoder().encode(vm.folders.get(id)?.log ?? '').subarray(offset, offset + maxBytes)
    },
    async check(target, script, _timeoutMs, signal) {
      const vm = await reach(target, signal)
      if (weather.breakCalls > 0) throw broken()
      if (vm.undone && script.includes('play undone')) return { exitCode: 1, said: 'it is not as it was made' }
      if (vm.ill && script.includes('play well')) return { exitCode: 1, said: 'it is ill' }
      return { exitCode: 0, said: '' }
    },
    forget: () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  }
}

/** The step that verifies itself. */
export function isSetup(stepKey: string): boolean {
  return stepKey.endsWith('/setup')
}

function neverBegun(id: string): Folder {
  return { id, stepKey: '', boot: null, status: 'stopped', log: '', env: {}, ended: new Promise(() => undefined) }
}
