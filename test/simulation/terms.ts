// What tenants agree about their platforms and the clock keeps: leases, schedules, windows, versions to follow, and that
// nobody deletes them.

import type { PlatformId } from '../../src/kernel/ids.ts'
import type { Clock } from '../../src/kernel/seams.ts'
import type { Term } from './action.ts'
import type { Agreed } from './agreed.ts'
import type { Counters, Sometimes } from './counters.ts'
import type { SimProcess } from './process.ts'
import type { Tenants } from './tenants.ts'

export interface Terms {
  /** A platform that has them from its first moment. */
  create(tenant: number, name: string, blueprint: string, parameters: unknown, terms: readonly Term[]): Promise<void>
  set(tenant: number, name: string, term: Term): Promise<void>
  /** Another version of a blueprint is there from now on. */
  publish(files: unknown): Promise<void>
  /** It is wanted for ever. */
  renew(tenant: number, name: string): Promise<void>
  /** Its protection is taken away, and then it. */
  remove(tenant: number, name: string): Promise<void>
}

interface TermsDeps {
  readonly tenants: Tenants
  readonly clock: Clock
  readonly counters: Counters
  readonly agreed: Agreed
  answering(): readonly SimProcess[]
}

/** The least the API takes, s: an hour of nothing but scans, in which nothing is learnt. */
export const leastGraceSeconds = 3_600
const patienceMs = 5_000
const tries = 40

const countOf = {
  lease: 'op:lease',
  schedule: 'op:schedule',
  window: 'op:window',
  follow: 'op:follow-versions',
  protect: 'op:protect',
} as const satisfies Record<Term['kind'], Sometimes>

export function openTerms({ tenants, clock, counters, agreed, answering }: TermsDeps): Terms {
  async function create(
    tenant: number,
    name: string,
    blueprint: string,
    parameters: unknown,
    terms: readonly Term[],
  ): Promise<void> {
    const wishes = Object.assign({}, ...terms.map((term) => wishOf(term, clock.now())))
    await tenants.create(tenant, name, blueprint, parameters, wishes)
    if (terms.length === 0 || !tenants.find(tenant, name)) return
    counters.hit('op:createWithTerms')
    for (const term of terms) if (term.kind === 'lease') await shorten(tenant, name, term.graceMs)
  }

  async function set(tenant: number, name: string, term: Term): Promise<void> {
    const owned = tenants.find(tenant, name)
    if (!owned) return
    const [method, path, body] = requestOf(term, clock.now())
    if (term.kind === 'schedule') agreed.scheduled(owned.id, null)
    const { status } = await tenants.send(method, `/v1/platforms/${owned.id}${path}`, body)
    if (status === 200) counters.hit(countOf[term.kind])
    if (term.kind === 'schedule' && status === 200) agreed.scheduled(owned.id, clock.now())
    // Also when nobody said whether it was set.
    if (term.kind === 'lease') await shorten(tenant, name, term.graceMs)
  }

  /** The grace is made shorter than the API would take it. Until it is, the history does not wait for its end. */
  async function shorten(tenant: number, name: string, graceMs: number): Promise<void> {
    const id = tenants.find(tenant, name)?.id as PlatformId
    for (let number = 0; number < tries; number++) {
      const [process] = answering()
      const writing = process?.store.write((tx) =>
        tx.updateTable('leases').set({ grace_ms: graceMs }).where('platform_id', '=', id).execute(),
      )
      const over = new AbortController()
      const late = clock.sleep(patienceMs, over.signal).then(
        () => false,
        () => false,
      )
      const done = writing?.then(
        () => true,
        () => late,
      )
      const written = await Promise.race([done ?? late, late])
      over.abort()
      if (written) return
    }
  }

  return {
    create: (...given) => tenants.tracked(create(...given)),
    set: (...given) => tenants.tracked(set(...given)),
    publish: (files) =>
      tenants.tracked(
        tenants.send('POST', '/v1/blueprints', { files }).then(({ status }) => {
          if (status === 201) counters.hit('op:publish')
        }),
      ),
    async renew(tenant, name) {
      const id = tenants.find(tenant, name)?.id
      if (id) await tenants.tracked(nothing(tenants.send('PUT', `/v1/platforms/${id}/lease`, { expiresAt: null })))
    },
    async remove(tenant, name) {
      await tenants.tracked(set(tenant, name, { kind: 'protect', on: false }))
      await tenants.change(tenant, name, 'delete')
    },
  }
}

async function nothing(work: Promise<unknown>): Promise<void> {
  await work
}

const leaseOf = (ms: number, now: number) => ({
  expiresAt: new Date(now + ms).toISOString(),
  graceSeconds: leastGraceSeconds,
})

/** As a part of the request that makes a platform. */
function wishOf(term: Term, now: number): { readonly [field: string]: unknown } {
  switch (term.kind) {
    case 'lease':
      return { lease: leaseOf(term.ms, now) }
    case 'schedule':
      return { schedule: scheduleOf(term) }
    case 'window':
      return { maintenanceWindow: windowOf(term) }
    case 'follow':
      return { autoUpgrade: term.follow }
    case 'protect':
      return { deletionProtection: term.on }
  }
}

/** As a request about a platform that is there. */
function requestOf(term: Term, now: number): readonly ['PUT' | 'PATCH', string, unknown] {
  switch (term.kind) {
    case 'lease':
      return ['PUT', '/lease', leaseOf(term.ms, now)]
    case 'schedule':
      return ['PUT', '/schedule', scheduleOf(term)]
    case 'window':
      return ['PUT', '/maintenance-window', windowOf(term)]
    case 'follow':
      return ['PUT', '/auto-upgrade', { follow: term.follow }]
    case 'protect':
      return ['PATCH', '', { deletionProtection: term.on }]
  }
}

function scheduleOf({ hibernate, wake, timeZone }: Extract<Term, { kind: 'schedule' }>) {
  return { hibernate, wake, timeZone }
}

function windowOf({ opens, seconds, timeZone }: Extract<Term, { kind: 'window' }>) {
  return { opens, durationSeconds: seconds, timeZone }
}
