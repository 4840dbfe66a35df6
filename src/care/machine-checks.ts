// Checks of machines, as their blueprints ask for them: who does not answer, and who answers and fails.

import { machineChecks as checksOf, type MachineCheck } from '../blueprints/index.ts'
import { type Asking, ask, type CheckDeps, type CheckKind, doubtEveryMs, type ProbeAnswer } from './check-kind.ts'
import { type CheckedMachine, loadCheckedMachines } from './checked-machines.ts'
import { type Illness, noteIll, noteWell } from './illness.ts'
import { usedBlueprints } from './used-blueprints.ts'

interface Patient {
  machine: CheckedMachine
  readonly check: MachineCheck
  readonly everyMs: number
  /** In a row, COUNT. */
  silent: number
  failed: number
  well: number
}

export function machineChecks(deps: CheckDeps): CheckKind<Patient> {
  const { read } = deps.store
  return { what: 'machines', mostAtOnce: 64, meet, examine }

  async function meet(known: ReadonlyMap<string, Patient>): Promise<ReadonlyMap<string, Patient>> {
    const met = new Map<string, Patient>()
    for (const { digest, blueprint } of await usedBlueprints(read, deps.blueprints)) {
      const checks = checksOf(blueprint)
      if (checks.size === 0) continue
      for (const machine of await loadCheckedMachines(read, digest)) {
        const check = checks.get(machine.group)
        if (check) met.set(machine.id, patientOf(machine, check, known.get(machine.id)))
      }
    }
    return met
  }

  async function examine(patient: Patient, signal: AbortSignal): Promise<number> {
    const { machine, check } = patient
    const asked = await ask(deps, machine, check.script, check.timeoutMs, signal)
    if (!asked) return doubtEveryMs
    const { answer, tookMs } = asked
    const well = answer.kind === 'answered' && answer.exitCode === 0
    patient.silent = answer.kind === 'silent' ? patient.silent + 1 : 0
    patient.failed = answer.kind === 'answered' && !well ? patient.failed + 1 : 0
    patient.well = well ? patient.well + 1 : 0
    if (well) {
      if (machine.state === 'unhealthy' && patient.well >= check.successes) await told(machine, asked, null)
      return check.everyMs - Math.min(tookMs, check.everyMs)
    }
    if (Math.max(patient.silent, patient.failed) >= check.failures)
      await told(machine, asked, illnessOf(patient, answer))
    return Math.max(0, Math.min(check.everyMs, doubtEveryMs) - tookMs)
  }

  /** The machine as it was when it was asked. */
  async function told(machine: CheckedMachine, { isFresh }: Asking, illness: Illness | null): Promise<void> {
    const { store, seams } = deps
    const changed = await store.write(async (tx) => {
      if (!isFresh()) return false
      if (illness !== null) return noteIll(tx, seams, machine, illness)
      return noteWell(tx, seams, machine, 'it answers again, and its check passes')
    })
    if (changed) deps.wake(machine.platformId)
  }
}

/** The one that is known, unless its platform follows another blueprint now, which may check in another way. */
function patientOf(machine: CheckedMachine, check: MachineCheck, known: Patient | undefined): Patient {
  if (known?.machine.digest !== machine.digest)
    return { machine, check, everyMs: check.everyMs, silent: 0, failed: 0, well: 0 }
  // Somebody has a verdict, this process or another: what was counted before it is used up.
  if (known.machine.stateSince !== machine.stateSince) Object.assign(known, { silent: 0, failed: 0, well: 0 })
  known.machine = machine
  return known
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
