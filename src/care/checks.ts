// Recurring checks of machines, as their blueprints ask for them. Nothing is written for a check, only for a change of
// verdict; so what a check costs is the check. How often it failed is this process's own to remember: forgetting makes
// it act later, never sooner.

import { type MachineCheck, machineChecks } from '../blueprints/index.ts'
import type { BlueprintSource } from '../engine/index.ts'
import { lastEventSeq } from '../events/index.ts'
import type { MachineId, PlatformId } from '../kernel/ids.ts'
import type { Seams } from '../kernel/seams.ts'
import type { Store } from '../store/store.ts'
import { type CheckedMachine, loadCheckedMachines } from './checked-machines.ts'
import { type Illness, noteIll, noteWell } from './illness.ts'

/** What a machine answered. `silent`: it did not, so nobody knows how it is. */
export type ProbeAnswer =
  | { readonly kind: 'answered'; readonly exitCode: number; readonly said: string }
  | { readonly kind: 'silent'; readonly why: string }

/** Runs a script on a machine that has proved its pinned identity; never rejects for what the machine does. */
export type Probe = (
  machine: Pick<CheckedMachine, 'id' | 'endpoints' | 'loginUser' | 'hostKey' | 'sshSecret'>,
  script: string,
  timeoutMs: number,
  signal: AbortSignal,
) => Promise<ProbeAnswer>

export interface CheckDeps {
  readonly store: Store
  readonly seams: Seams
  readonly blueprints: BlueprintSource
  readonly probe: Probe
  readonly wake: (platform: PlatformId) => void
  readonly log: (message: string, facts: { readonly [name: string]: unknown }) => void
}

const tickMs = 500
/** How often it is looked whether there is somebody new to check, ms. */
const meetEveryMs = 2_000
/** Checks under way at once, COUNT; more wait for their turn, so a platform that is large is checked less often. */
const mostAtOnce = 64
/** After a failure the next check comes as soon as this, ms: what is in doubt is looked at closely. */
const doubtEveryMs = 2_000
/** A check that took so much longer than it may was not held up by the machine: this process slept, or its clock was set. */
const sleptMs = 5_000

interface Patient {
  machine: CheckedMachine
  readonly check: MachineCheck
  restMs: number
  checking: boolean
  /** In a row, COUNT. */
  silent: number
  failed: number
  well: number
}

/** Begins to check; disposing it ends that. */
export function startChecks(deps: CheckDeps): AsyncDisposable {
  const { clock, random } = deps.seams
  const controller = new AbortController()
  const { signal } = controller
  const patients = new Map<MachineId, Patient>()
  const running = new Set<Promise<void>>()
  let seen = -1
  const looping = loop()

  return {
    async [Symbol.asyncDispose]() {
      controller.abort(new Error('checks stop'))
      await looping
      await Promise.all(running)
    },
  }

  async function loop(): Promise<void> {
    let sinceMetMs = meetEveryMs
    while (!signal.aborted) {
      if (sinceMetMs >= meetEveryMs) {
        sinceMetMs = 0
        await meet().catch((error: unknown) => {
          if (!signal.aborted) deps.log('machines to check could not be listed', { error })
        })
      }
      for (const patient of patients.values()) begin(patient)
      // Nobody to check: nothing to be quick for.
      const napMs = patients.size === 0 ? meetEveryMs : tickMs
      await clock.sleep(napMs, signal).catch(() => undefined)
      sinceMetMs += napMs
      // Counted by our own sleeps: a clock that is set must neither stop nor hurry anything.
      for (const patient of patients.values()) patient.restMs -= napMs
    }
  }

  /** Who is to be checked. Asked only when something happened at all. */
  async function meet(): Promise<void> {
    const { read } = deps.store
    const seq = await lastEventSeq(read)
    if (seq === seen) return
    const checks = new Map<string, ReadonlyMap<string, MachineCheck>>()
    const digests = await read
      .selectFrom('platforms')
      .select('blueprint_digest')
      .distinct()
      .where('state', '!=', 'deleted')
      .execute()
    for (const { blueprint_digest } of digests) {
      const found = machineChecks(await deps.blueprints(read, blueprint_digest))
      if (found.size > 0) checks.set(blueprint_digest, found)
    }
    const machines = checks.size === 0 ? [] : await loadCheckedMachines(read, [...checks.keys()])
    const living = new Set(machines.map(({ id }) => id))
    for (const id of patients.keys()) if (!living.has(id)) patients.delete(id)
    for (const machine of machines) {
      const check = checks.get(machine.digest)?.get(machine.group)
      const known = patients.get(machine.id)
      if (known && known.check === check) known.machine = machine
      else if (!check) patients.delete(machine.id)
      else {
        const restMs = Math.floor(random.next() * check.everyMs)
        patients.set(machine.id, { machine, check, restMs, checking: false, silent: 0, failed: 0, well: 0 })
      }
    }
    seen = seq
  }

  function begin(patient: Patient): void {
    if (signal.aborted || patient.checking || patient.restMs > 0 || running.size >= mostAtOnce) return
    patient.checking = true
    const { check } = patient
    const work = examine(patient)
      .catch((error: unknown) => {
        if (!signal.aborted) deps.log('a check could not be made', { machine: patient.machine.id, error })
        return check.everyMs
      })
      .then((restMs) => {
        patient.restMs = restMs
        patient.checking = false
        running.delete(work)
      })
    running.add(work)
  }

  /** One check and what follows; answers the ms until the next. */
  async function examine(patient: Patient): Promise<number> {
    const { machine, check } = patient
    const startedAt = clock.now()
    const answer = await deps.probe(machine, check.script, check.timeoutMs, signal)
    const tookMs = clock.now() - startedAt
    if (signal.aborted || tookMs < 0 || tookMs > check.timeoutMs + sleptMs) return doubtEveryMs
    const well = answer.kind === 'answered' && answer.exitCode === 0
    patient.silent = answer.kind === 'silent' ? patient.silent + 1 : 0
    patient.failed = answer.kind === 'answered' && !well ? patient.failed + 1 : 0
    patient.well = well ? patient.well + 1 : 0
    if (well) {
      if (machine.state === 'unhealthy' && patient.well >= check.successes) await told(patient, null)
      return check.everyMs - Math.min(tookMs, check.everyMs)
    }
    if (Math.max(patient.silent, patient.failed) >= check.failures) await told(patient, illnessOf(patient, answer))
    return Math.max(0, Math.min(check.everyMs, doubtEveryMs) - tookMs)
  }

  async function told({ machine }: Patient, illness: Illness | null): Promise<void> {
    const { store, seams } = deps
    const changed = await store.write((tx) =>
      illness === null ? noteWell(tx, seams, machine) : noteIll(tx, seams, machine, illness),
    )
    if (changed) deps.wake(machine.platformId)
  }
}

function illnessOf({ check }: Patient, answer: ProbeAnswer): Illness {
  if (answer.kind === 'silent')
    return { code: 'machine_hung', detail: `does not answer: ${answer.why}`, recreate: true }
  const why = answer.said === '' ? `exit code ${answer.exitCode}` : answer.said.split('\n').at(-1)
  return {
    code: 'member_unhealthy',
    detail: `fails its check of ${check.what}: ${why}`,
    recreate: check.onFailure === 'recreate',
  }
}
