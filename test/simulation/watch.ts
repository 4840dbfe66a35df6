// The invariants that are watched while a history runs: at every commit, every create and destroy, every start of a
// script. They read the database past the servers, which must not be asked about what they may have done wrong.

import Database from 'better-sqlite3'
import { z } from 'zod'
import type { ScriptAttempt } from '../../src/bootstrap/remote.ts'
import type { ResourceKey } from '../../src/provider/contract.ts'
import { type Agreed, openAgreed } from './agreed.ts'
import { branchesOf, type EventRow } from './branches.ts'
import type { SimCloud } from './cloud.ts'
import type { Counters } from './counters.ts'
import type { Journal } from './journal.ts'
import type { Started } from './remote.ts'
import { Violation } from './violation.ts'
import { isThere, type Vm } from './vm.ts'

interface RunRow {
  readonly platform_id: string
  readonly owner: string | null
  readonly lease_until: number | null
  readonly fence: number
}
interface MachineRow {
  readonly id: string
  readonly state: string
  readonly create_sent_at: number | null
  readonly host: string | null
  readonly created_at: number
  readonly member_state: string
  readonly want: string
}

const leftSchema = z.object({ left: z.array(z.object({ resourceKey: z.string() })) })

export interface Watch extends Disposable {
  readonly database: Database.Database
  onCommit(process: string): void
  onCreate(key: ResourceKey): void
  onDestroy(vm: Vm): void
  onStart(started: Started, incarnation: string): void
  readonly agreed: Agreed
  /** Number of the last event that is committed. */
  readonly lastSeq: number
}

export interface WatchDeps {
  /** When the history begins, ms since 1970. */
  readonly startedAt: number
  readonly path: string
  readonly cloud: SimCloud
  readonly journal: Journal
  readonly counters: Counters
  fail(violation: Violation): void
}

export function openWatch({ path, startedAt, cloud, journal, counters, fail }: WatchDeps): Watch {
  const database = new Database(path, { readonly: true })
  const events = database.prepare<[number], EventRow>('select * from events where seq > ? order by seq')
  const runs = database.prepare<[], RunRow>('select * from runs')
  const objects = database.prepare<
    [number],
    { row: number; resource_key: string; proof: string; reopened_at: number | null; observed_at: number }
  >('select rowid as row, * from receipt_objects where rowid > ? order by rowid')
  const attempts = database.prepare<
    [number],
    { row: number; id: string; fence: number; platform_id: string; step_key: string }
  >('select rowid as row, * from attempts where rowid > ? order by rowid')
  const machine = database.prepare<[string], MachineRow>(
    `select machines.id, machines.state, machines.host, machines.created_at, create_sent_at, members.state as member_state, platforms.want
     from machines join members on members.id = member_id join platforms on platforms.id = machines.platform_id
     where resource_key = ?`,
  )
  const maintained = database.prepare<[string, number], { host: string }>(
    'select host from maintenances where host = ? and ended_at is null and started_at < ?',
  )
  const proof = database.prepare<[string], { proof: string }>(
    'select proof from receipt_objects where resource_key = ?',
  )
  const attempt = database.prepare<[string], { machine_id: string | null; ended_at: number | null }>(
    'select machine_id, ended_at from attempts where id = ?',
  )
  const agreed = openAgreed({ database, counters, startedAt, fail })
  const started = new Set<string>()
  const holds = new Map<string, RunRow>()
  let lastSeq = maxOf('select max(seq) as most from events')
  let lastObject = 0
  let lastAttempt = 0

  function maxOf(sql: string): number {
    return database.prepare<[], { most: number | null }>(sql).get()?.most ?? 0
  }

  function tellEvents(): void {
    for (const event of events.all(lastSeq)) {
      if (event.seq <= lastSeq) fail(new Violation('cursor-monotone', `event ${event.seq} after ${lastSeq}`))
      lastSeq = event.seq
      const { kind, subject_id, step, from_state, to_state, cause } = event
      const move = to_state === null ? '' : ` ${from_state}>${to_state}`
      journal.note(
        `#${event.seq} ${kind} ${subject_id}${step === null ? '' : ` ${step}`}${move}${cause ? `: ${cause}` : ''}`,
      )
      for (const what of branchesOf(event)) counters.hit(what)
      agreed.see(event)
      if (kind === 'platform.forgotten') checkForgotten(event)
    }
  }

  /** Whatever is there of it is named as left, or was proven gone before and came late. */
  function checkForgotten({ subject_id, data }: EventRow): void {
    const left = leftSchema.parse(JSON.parse(data)).left.map(({ resourceKey }) => resourceKey)
    for (const vm of cloud.living()) {
      if (!vm.key.includes(subject_id) || left.includes(vm.key) || proof.get(vm.key)?.proof !== 'forgotten') continue
      fail(new Violation('forgotten-told', `${vm.ref} of ${vm.key} is there, and forgetting did not say so`))
    }
    const others = left.filter((key) => proof.get(key)?.proof !== 'forgotten')
    if (others.length > 0) fail(new Violation('forgotten-told', `${others.join()} is told as left and has a proof`))
  }

  function checkReceipts(): void {
    for (const { row, resource_key, proof, reopened_at, observed_at } of objects.all(lastObject)) {
      lastObject = row
      if (proof === 'neverSent') counters.hit('branch:neverSent')
      if (proof === 'absentForSettle') counters.hit('branch:absentForSettle')
      // What was let go of without a look may be there; `checkForgotten` asks whether it was told.
      if (reopened_at !== null || proof === 'forgotten') continue
      // One that came late, after what was observed, is a new fact; the end of a history asks whether it was dealt with.
      const there = cloud.living().find((vm) => vm.key === resource_key && couldBeSeen(vm) <= observed_at)
      if (there)
        fail(new Violation('receipt-true', `${resource_key} is proven gone (${proof}) and ${there.ref} is there`))
    }
  }

  /** Since when a look could see it: the wait of a receipt covers what lags, but not what its provider promised never to do. */
  function couldBeSeen({ createdAt, tooLate, shownFrom }: Vm): number {
    return tooLate ? Math.max(createdAt, shownFrom) : createdAt
  }

  function checkLeases(process: string): void {
    for (const run of runs.all()) {
      const before = holds.get(run.platform_id)
      holds.set(run.platform_id, run)
      if (!before || before.fence !== run.fence) {
        if (before && run.fence < before.fence)
          fail(new Violation('one-writer', `the fence of ${run.platform_id} went back to ${run.fence}`))
        continue
      }
      if (before.owner === run.owner && before.lease_until === run.lease_until) continue
      const owner: unknown = before.owner === null ? null : JSON.parse(before.owner)
      const holder = owner !== null && typeof owner === 'object' && 'process' in owner ? owner.process : 'nobody'
      if (holder !== process)
        fail(new Violation('one-writer', `${process} changed the lease of ${run.platform_id}, which ${holder} held`))
    }
    for (const { row, id, fence, platform_id, step_key } of attempts.all(lastAttempt)) {
      lastAttempt = row
      const current = holds.get(platform_id)?.fence
      if (current !== fence)
        fail(
          new Violation('one-writer', `${id} of ${step_key} was recorded under fence ${fence}, and ${current} holds`),
        )
    }
  }

  // As one read: each of its own would look at the locks and the log of the file again.
  const look = database.transaction((process: string) => {
    tellEvents()
    checkReceipts()
    checkLeases(process)
  })

  return {
    database,
    get lastSeq() {
      return lastSeq
    },
    agreed,
    onCommit: look,
    onCreate(key) {
      const row = machine.get(key)
      if (!row) return fail(new Violation('intent-first', `a create of ${key}, which nobody remembers`))
      if (row.create_sent_at === null)
        return fail(new Violation('intent-first', `a create of ${key} before its intent is on the disk`))
      if (row.host !== null && maintained.get(row.host, row.created_at))
        fail(new Violation('maintenance-kept', `${key} is new on ${row.host}, which is being emptied`))
      if (row.state === 'deleted') fail(new Violation('intent-first', `a create of ${key}, which was proven gone`))
    },
    onDestroy(vm) {
      const row = machine.get(vm.key)
      if (!row || row.want === 'absent' || row.state === 'deleted') return
      if (row.member_state !== 'leaving' && row.member_state !== 'gone')
        fail(
          new Violation('wanted-stays', `${vm.ref} of ${vm.key} is destroyed, and its member is ${row.member_state}`),
        )
    },
    onStart({ attempt: { id, stepKey }, vm }: { attempt: ScriptAttempt; vm: Vm }, incarnation) {
      if (started.has(id)) fail(new Violation('no-attempt-twice', `${id} of ${stepKey} is started again`))
      started.add(id)
      const row = attempt.get(id)
      if (!row) return fail(new Violation('no-attempt-twice', `${id} of ${stepKey} starts before it is recorded`))
      const meant = machine.get(vm.key)?.id
      if (row.machine_id !== incarnation || meant !== incarnation)
        fail(new Violation('identity', `${stepKey} is meant for ${row.machine_id} and runs on ${vm.ref}, ${meant}`))
    },
    [Symbol.dispose]: () => database.close(),
  }
}

/** What the world has, as far as it is not on its way out. */
export function standing(cloud: SimCloud, now: number): Vm[] {
  return cloud.living().filter((vm) => isThere(vm, now) && vm.goneAt === null)
}
