// One platform's run in this process: reads afresh when woken, starts what is due, and gives the lease
// back when there is nothing to do for a while. Steps finish in any order; each releases only what needs it.

import { isOperationKey, type Plan, type PlanStep } from '../blueprints/index.ts'
import { noMore } from '../kernel/no-more.ts'
import type { EngineDeps } from './deps.ts'
import { executeStep } from './execute.ts'
import { forgetUnmentioned } from './fresh.ts'
import { consumeWake, type Lease, LeaseLost, releaseLease, renewEveryMs, renewLease } from './lease.ts'
import { loadPlatform } from './load.ts'
import { keepLooks } from './looks.ts'
import { isDecided, opening, patienceEnds } from './opening.ts'
import { followOutputs } from './outputs.ts'
import { allSteps, planOf, scheduleOf, unmentioned } from './planning.ts'
import { settle } from './settle.ts'
import { settleMembers } from './settle-members.ts'
import { settleOperations } from './settle-operations.ts'
import { isClean, type RunState } from './state.ts'
import { targetsOf } from './targets.ts'
import type { PlatformView } from './view.ts'
import { leftovers, waitsForLeftovers, windUp, windUpEveryMs } from './wind-up.ts'

export interface Run {
  wake(): void
  /** Aborts calls in flight and gives the lease back; resolves when nothing of the run is left. */
  stop(): Promise<void>
  /** Resolves when the run has ended by itself or by stop; never rejects. */
  readonly ended: Promise<void>
}

/** A wait longer than this is not worth keeping the lease for. */
const lingerMs = 2_000
function earlier(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b)
}

/** How soon a rollout that has nothing to do is thought about again, ms. */
const rolloutAgainMs = 30_000

export function startRun(deps: EngineDeps, lease: Lease): Run {
  const controller = new AbortController()
  const { signal } = controller
  const busy = new Map<string, Promise<void>>()
  const windUpAt = new Map<string, number>()
  let woken = true
  let stopping = false
  let failure: unknown
  let nudge: () => void = () => undefined
  let current: RunState | undefined

  // Whoever is stopped ends by its own abort; any other error is a bug, or a disk that failed, and must be seen.
  const ended = main().catch((error: unknown) => {
    if (!(error instanceof LeaseLost) && !stopping)
      deps.log('a run ended by an error', { platform: lease.platformId, error })
  })
  return {
    wake,
    ended,
    async stop() {
      stopping = true
      controller.abort(new LeaseLost(lease.platformId))
      nudge()
      await ended
    },
  }

  function wake(): void {
    woken = true
    nudge()
  }

  async function main(): Promise<void> {
    const renewals = keepLease()
    try {
      await work()
    } finally {
      controller.abort(new LeaseLost(lease.platformId))
      await Promise.allSettled([...busy.values(), renewals])
      if (stopping) await release(await deps.store.now()).catch(() => undefined)
    }
  }

  async function keepLease(): Promise<void> {
    try {
      while (!signal.aborted) {
        await deps.seams.clock.sleep(renewEveryMs, signal)
        if (await renewLease(deps.store, lease)) wake()
      }
    } catch (error) {
      if (!signal.aborted) end(error)
    }
  }

  function end(error: unknown): void {
    failure ??= error
    controller.abort(new LeaseLost(lease.platformId))
    nudge()
  }

  async function work(): Promise<void> {
    let run: RunState | undefined
    for (;;) {
      if (failure !== undefined) throw failure
      if (stopping) return
      if (woken) {
        woken = false
        run = await reload()
        // Between two decisions nothing is begun: what the first one leaves may be what the next one changes.
        if (run && woken) continue
      }
      if (!run) return release(null)
      const nextAt = startDue(run)
      if (busy.size === 0 && !woken) {
        await followOutputs(run)
        const over = await settle(run)
        if (woken) continue
        if (over) return release(null)
        if (nextAt === null || nextAt - deps.seams.clock.now() > lingerMs)
          return release(earlier(nextAt, lookAgainAt(run)))
      }
      await pause(nextAt)
    }
  }

  // Memory is changed inside the write closures, which run strictly one after another: so what a step
  // records while this reads can neither be missed nor be overwritten. A failed COMMIT ends the run.
  async function reload(): Promise<RunState | undefined> {
    const state = await deps.store.write(async (tx) => {
      await consumeWake(tx, lease)
      const before = await loadPlatform(tx, deps.blueprints, lease.platformId)
      if (!before) return undefined
      const decided = await deps.hooks.decide(tx, before)
      // What was decided may be what another decision waits for: it is asked for until there is none.
      if (decided) wake()
      const view = decided ? await loadPlatform(tx, deps.blueprints, lease.platformId) : before
      if (!view) return undefined
      if (current) keepLooks(current.looks, view)
      if (current) return Object.assign(current, { view })
      current = emptyRun(view)
      return current
    })
    if (!state) return undefined
    const plan = planOf(state.view)
    const forgotten = unmentioned(state.view, plan).filter((key) => !busy.has(key))
    if (forgotten.length > 0) await forgetUnmentioned(state, forgotten)
    const targets = targetsOf(deps, allSteps(state.view, plan), () => state.view)
    Object.assign(state, { plan, targets, schedule: scheduleOf(state.view, plan, targets) })
    await settleMembers(state)
    await followOutputs(state)
    await settleOperations(state)
    await settle(state)
    return state
  }

  function emptyRun(view: PlatformView): RunState {
    const plan: Plan = { steps: [], outputs: {} }
    const targets = targetsOf(deps, [], () => view)
    return {
      deps,
      lease,
      controller,
      view,
      plan,
      targets,
      schedule: scheduleOf(view, plan, targets),
      ends: new Map(),
      putOff: new Map(),
      looks: new Map(),
      wake,
    }
  }

  /** Starts every step that is due; answers when the next one will be (ms since 1970), null when none waits. */
  function startDue(run: RunState): number | null {
    const now = deps.seams.clock.now()
    let nextAt = patienceEnds(run)
    const left = leftovers(run)
    for (const [key, attempt] of left) {
      const at = windUpAt.get(key) ?? 0
      if (at > now) nextAt = Math.min(at, nextAt ?? at)
      if (at > now || busy.has(key)) continue
      windUpAt.set(key, now + windUpEveryMs)
      busy.set(key, track(run, key, windUp(run, key, attempt)))
    }
    const mayOpen = opening(run, busy.keys())
    for (const step of run.schedule.open()) {
      if (busy.has(step.key) || waitsForLeftovers(run, step, left)) continue
      if (!mayOpen(step.key)) continue
      const fingerprint = run.targets.of(step)
      if (fingerprint === undefined) continue
      const record = run.view.records.get(step.key)
      // What waits, or is blocked, waits for its own target: another target is tried at once.
      const waits = record?.attempting === fingerprint ? (record.nextAt ?? 0) : 0
      const at = Math.max(waits, run.putOff.get(step.key) ?? 0)
      if (at > now) {
        nextAt = Math.min(at, nextAt ?? at)
        continue
      }
      busy.set(step.key, track(run, step.key, executeStep(run, step, fingerprint)))
    }
    return nextAt
  }

  async function track(run: RunState, key: string, execution: Promise<void>): Promise<void> {
    try {
      await execution
      const step = run.schedule.step(key)
      if (step) {
        run.schedule.set(key, isOver(run, step))
        for (const other of run.targets.touched(step)) run.schedule.set(other.key, isOver(run, other))
        if (isDecided(run, key) || (!isOperationKey(key) && hasArrived(run))) wake()
      }
    } catch (error) {
      end(error)
    } finally {
      busy.delete(key)
      nudge()
    }
  }

  /** A removal whose member is gone is clean though nothing is remembered of it any more. */
  function isOver(run: RunState, step: PlanStep): boolean {
    if (step.want === 'absent' && step.member !== null && !run.view.members.has(step.member)) return true
    return isClean(run.view.records.get(step.key), step, run.targets.of(step))
  }

  /** A wave of a rollout is through: what comes next is to be decided. */
  function hasArrived({ view, schedule }: RunState): boolean {
    return !view.settled && ![...schedule.unclean()].some((step) => !isOperationKey(step.key))
  }

  /** A rollout that waits for room, or for somebody who is ill, is thought about again. */
  function lookAgainAt({ view }: RunState): number | null {
    const kept = [...view.members.values()].map(({ warmUntil }) => warmUntil)
    const warm = kept.reduce(earlier, null)
    return view.settled ? warm : earlier(warm, deps.seams.clock.now() + rolloutAgainMs)
  }

  async function pause(nextAt: number | null): Promise<void> {
    if (woken || failure !== undefined || stopping) return
    const rest = new AbortController()
    const nudged = new Promise<void>((resolve) => {
      nudge = resolve
    })
    const timer =
      nextAt === null ? nudged : deps.seams.clock.sleep(Math.max(0, nextAt - deps.seams.clock.now()), rest.signal)
    await Promise.race([nudged, timer])
    rest.abort(noMore)
    await Promise.allSettled([timer])
  }

  async function release(dueAt: number | null): Promise<void> {
    await deps.store.write((tx) => releaseLease(tx, lease, dueAt))
  }
}
