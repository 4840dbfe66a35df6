// Machines that should run: who is lost for certain, and who is back. What a provider shows in one moment may be a
// restart, a backup or a list that lags, so an illness counts after it has lasted.

import { makeDue } from '../engine/index.ts'
import { moveMachine } from '../events/index.ts'
import type { PlatformId, ProviderId } from '../kernel/ids.ts'
import type { MachineState } from '../kernel/states.ts'
import type { Observed } from '../provider/contract.ts'
import type { Tx } from '../store/store.ts'
import { careActor } from './decision.ts'
import { endPlaces, isCarried, tellDeadPlaces } from './place-problems.ts'
import { resolutionsFor } from './power.ts'
import { openProblem, resolveProblem } from './problems.ts'
import { lookAt, placeOf, type Remembered } from './remembered.ts'
import { absenceMs, type Round } from './round.ts'

/** States in which a machine is expected to be there, and but for `stopped` to run; before them its own step looks after it. */
const expected: readonly MachineState[] = ['booting', 'bootstrapping', 'ready', 'unhealthy', 'stopped']

/** For how long a machine that is there must have been seen not to run, ms: longer than a restart takes. */
const confirmMs = 10_000

interface Verdict {
  readonly machine: Remembered
  readonly why: string
  readonly lastsMs: number
  readonly certain: boolean
  /** It is seen, and does not run. */
  readonly failed: boolean
}

export interface Judged {
  /** Somebody's illness has not lasted long enough yet. */
  readonly soon: boolean
  /** Keys that the list did not show as well, whatever a look at them found. */
  readonly unsettled: ReadonlySet<string>
}

/**
 * Judges these machines by the list. What one look found is written in one transaction: a host that died is one decision,
 * not one for each machine.
 */
export async function judgeMachines(
  round: Round,
  living: Iterable<Remembered>,
  listed: ReadonlyMap<string, readonly Observed[]>,
): Promise<Judged> {
  const { deps, memory, session, owner, signal } = round
  const machines = [...living].filter(isExpected)
  const doubtful = machines.filter((machine) => !isWell(machine, listed.get(machine.key)))
  // A list may lag, and may have been made before the machine: whoever it does not show well is looked for by key.
  const keys = doubtful.map(({ key }) => key)
  const askedAt = deps.seams.clock.now()
  const looked = await lookAt(session, owner, keys, signal)
  const ill = doubtful.filter((machine) => !isWell(machine, looked.get(machine.key)))
  memory.ill.keep(new Set(ill.map(({ key }) => key)))
  const verdicts = ill.map((machine) => judge(round, machine, looked.get(machine.key) ?? [], askedAt))
  const lost = verdicts.filter(({ certain }) => certain)
  const back = machines.filter((machine) => machine.missingSince !== null && !ill.includes(machine))
  if (lost.length > 0 || back.length > 0) {
    const concerned = await deps.store.write((tx) => writeFindings(tx, round, lost, back))
    for (const platform of concerned) deps.wake(platform)
  }
  return { soon: lost.length < ill.length, unsettled: new Set(keys) }
}

function isExpected(machine: Remembered): boolean {
  return expected.includes(machine.state) && machine.memberState !== 'leaving'
}

/** One under its key that is not the one it was proven on: a create that came twice or late, on which no step has run. */
function isAnother({ nativeRef }: Remembered, { ref }: Observed): boolean {
  return nativeRef !== null && ref !== nativeRef
}

function isWell(machine: Remembered, objects: readonly Observed[] | undefined): boolean {
  const { state } = machine
  const [only, another] = objects ?? []
  if (another !== undefined || (only !== undefined && isAnother(machine, only))) return false
  return only?.state === 'running' || only?.state === 'creating' || (only?.state === 'stopped' && state === 'stopped')
}

/** @param askedAt when `seen` was asked for, ms since 1970: it was so at some moment after that. */
function judge({ memory, session }: Round, machine: Remembered, seen: readonly Observed[], askedAt: number): Verdict {
  const [first] = seen
  const lastsMs = memory.ill.see(machine.key, askedAt)
  const certain = lastsMs >= (first ? confirmMs : absenceMs(session))
  const another = seen.length > 1 || (first !== undefined && isAnother(machine, first))
  const verdict = { machine, lastsMs, certain, failed: first !== undefined && !another }
  if (!first) return { ...verdict, why: 'the provider has it no more' }
  if (seen.length > 1) return { ...verdict, why: 'the provider has two machines of its key' }
  if (another) return { ...verdict, why: `the provider has another machine of its key: ${first.ref}` }
  return { ...verdict, why: `the provider says it is ${first.state}${first.reason ? `: ${first.reason}` : ''}` }
}

async function writeFindings(
  tx: Tx,
  { deps, provider }: Round,
  lost: readonly Verdict[],
  back: readonly Remembered[],
): Promise<Set<PlatformId>> {
  const concerned = new Set<PlatformId>()
  const noted: Verdict[] = []
  // Whose host is back with them: who is down there still is told by itself.
  for (const machine of back) if (await noteBack(tx, deps.seams, machine)) concerned.add(machine.platformId)
  for (const verdict of lost) if (await noteLost(tx, deps.seams, verdict)) noted.push(verdict)
  const failed = new Set(noted.filter((verdict) => verdict.failed).map(({ machine }) => machine.id))
  const together = noted.length === 0 ? new Set() : await tellDeadPlaces(tx, deps.seams, provider, failed)
  for (const verdict of noted) {
    concerned.add(verdict.machine.platformId)
    if (!together.has(verdict.machine.id)) await tellLost(tx, deps.seams, provider, verdict)
  }
  for (const platform of concerned) await makeDue(tx, platform, deps.seams.clock.now())
  return concerned
}

type Seams = Round['deps']['seams']

/** True when the engine has something to decide; false when somebody else has dealt with it meanwhile. */
async function noteLost(tx: Tx, seams: Seams, verdict: Verdict): Promise<boolean> {
  const { machine, lastsMs } = verdict
  const since = machine.missingSince ?? seams.clock.now() - lastsMs
  const state = await mark(tx, machine, since)
  if (state === undefined) return false
  const cause = lostText(verdict)
  if (state === 'ready') await moveMachine(tx, seams, { machine: machine.id, to: 'unhealthy', actor: careActor, cause })
  return true
}

function lostText({ machine, why }: Verdict): string {
  return `${machine.member} is lost: ${why}.`
}

async function tellLost(tx: Tx, seams: Seams, provider: ProviderId, verdict: Verdict): Promise<void> {
  const { machine } = verdict
  // Its host may have been told for several, of which it is the last.
  if (await isCarried(tx, machine.id)) return
  await openProblem(tx, seams, placeOf(machine), {
    subject: machine.member,
    machineId: machine.id,
    code: 'machine_dead',
    detail: lostText(verdict),
    resolutions: verdict.failed ? await resolutionsFor(tx, provider) : ['recreate', 'ignore'],
  })
}

async function noteBack(tx: Tx, seams: Seams, machine: Remembered): Promise<boolean> {
  const state = await mark(tx, machine, null)
  if (state === undefined) return false
  const cause = 'it was seen again'
  // What its checks found is theirs to take back.
  if (state === 'unhealthy' && !(await isIll(tx, machine)))
    await moveMachine(tx, seams, { machine: machine.id, to: 'ready', actor: careActor, cause })
  const problem = { subject: machine.member, machineId: machine.id, code: 'machine_dead' as const }
  await resolveProblem(tx, seams, placeOf(machine), problem, cause)
  await endPlaces(tx, seams, placeOf(machine), machine.id, cause)
  return true
}

async function isIll(tx: Tx, machine: Remembered): Promise<boolean> {
  const row = await tx.selectFrom('machines').select('ill_since').where('id', '=', machine.id).executeTakeFirst()
  return (row?.ill_since ?? null) !== null
}

/** Its state; undefined when nobody expects it to run any more. */
async function mark(tx: Tx, machine: Remembered, since: number | null): Promise<MachineState | undefined> {
  const row = await tx
    .updateTable('machines')
    .set({ missing_since: since })
    .where('id', '=', machine.id)
    .where('state', 'in', expected)
    .returning('state')
    .executeTakeFirst()
  return row?.state
}
