// Tenants and what they were promised. A request that was not answered is sent again under its key, to whoever answers.

import { z } from 'zod'
import { noMore } from '../../src/kernel/no-more.ts'
import type { Clock } from '../../src/kernel/seams.ts'
import type { Change } from './action.ts'
import type { Counters } from './counters.ts'
import type { Journal } from './journal.ts'
import type { Answer, SimProcess } from './process.ts'
import type { Tenant } from './template.ts'
import { Violation } from './violation.ts'

export interface Acknowledged {
  readonly what: string
  readonly task: string
  readonly platform: string
}

export interface Owned {
  readonly tenant: number
  readonly name: string
  readonly id: string
  /** Name of its blueprint. */
  readonly blueprint: string
  /** The task of its creation, until it is cancelled or replaced by another. */
  task: string
}

export interface Wish {
  readonly parameters?: unknown
  readonly version?: string
}

export interface Tenants {
  readonly platforms: Map<string, Owned>
  readonly acknowledged: readonly Acknowledged[]
  /** Requests that are not answered yet, COUNT. */
  readonly waiting: number
  /** `terms`: what else the request says. */
  create(tenant: number, name: string, blueprint: string, parameters: unknown, terms: object): Promise<void>
  change(tenant: number, name: string, what: Change): Promise<void>
  /** Asks for other parameters, or another version of its blueprint. */
  patch(tenant: number, name: string, wish: Wish): Promise<void>
  operation(tenant: number, name: string, operation: string): Promise<void>
  /** Reads what a tenant may read, and looks for what it may not. */
  read(tenant: number): Promise<void>
  /** Not a tenant's: a host is emptied for so long. */
  maintain(host: string, ms: number, deadlineMs: number | null): Promise<void>
  find(tenant: number, name: string): Owned | undefined
  /** Whatever it is, it counts as waiting until it is answered. */
  tracked(work: Promise<void>): Promise<void>
  /** Whatever answers; throws when nobody does. */
  send(method: string, path: string, body?: unknown): Promise<Answer>
}

export interface TenantDeps {
  readonly clock: Clock
  readonly tenants: readonly Tenant[]
  readonly provider: string
  readonly journal: Journal
  readonly counters: Counters
  /** Processes that may answer now. */
  answering(): readonly SimProcess[]
  fail(violation: Violation): void
}

const taskSchema = z.object({ id: z.string(), target: z.object({ id: z.string() }) })
const problemSchema = z.object({ code: z.string(), detail: z.string() })
const page = z.object({ items: z.array(z.record(z.string(), z.unknown())) })
const patienceMs = 12_000
const pauseMs = 2_000
/** A client gives up then; what it was not told it was not promised. */
const tries = 40

export function openTenants(deps: TenantDeps): Tenants {
  const { clock, tenants, journal, counters } = deps
  const platforms = new Map<string, Owned>()
  const acknowledged: Acknowledged[] = []
  let serial = 0
  let waiting = 0
  const nameOf = (tenant: number, name: string) => `${tenant}/${name}`
  const problemOf = ({ body }: Answer) => problemSchema.safeParse(body).data

  async function once(process: SimProcess, ...request: Parameters<SimProcess['request']>): Promise<Answer | undefined> {
    const over = new AbortController()
    const late = clock.sleep(patienceMs, over.signal).then(
      () => undefined,
      () => undefined,
    )
    try {
      return await Promise.race([process.request(...request), late])
    } finally {
      over.abort(noMore)
    }
  }

  async function send(method: string, path: string, body?: unknown): Promise<Answer> {
    const headers: Record<string, string> = method === 'POST' ? { 'idempotency-key': `key-${++serial}` } : {}
    const turn = serial
    for (let number = 0; number < tries; number++) {
      if (number > 0) {
        counters.hit('op:repeated')
        await clock.sleep(pauseMs)
      }
      const able = deps.answering()
      const process = able[(turn + number) % Math.max(1, able.length)]
      if (process === undefined) continue
      const answer = await once(process, method, path, body, headers)
      journal.note(
        `${process.name} answers ${method} ${path} ${answer?.status ?? 'nothing'} ${answer && answer.status >= 400 ? JSON.stringify(problemOf(answer)) : ''}`,
      )
      if (answer === undefined) continue
      const problem = problemOf(answer)
      if (problem?.code === 'internal')
        deps.fail(new Violation('no-internal-error', `${method} ${path}: ${problem.detail}`))
      if (answer.status >= 500) continue
      if (number > 0 && problem?.code === 'name_taken')
        deps.fail(
          new Violation('once-per-key', `${method} ${path} was refused when it was sent again: ${problem.detail}`),
        )
      return answer
    }
    throw new Error(`nobody answers ${method} ${path}`)
  }

  /** Counts it as waiting until it is answered; a client that gave up was promised nothing. */
  async function tracked(work: Promise<void>): Promise<void> {
    waiting += 1
    await work.catch((error: unknown) => journal.note(`a tenant gives up: ${String(error)}`))
    waiting -= 1
  }

  function accepted(what: string, answer: Answer): Acknowledged | undefined {
    if (answer.status !== 202) return undefined
    const { id, target } = taskSchema.parse(answer.body)
    const made = { what, task: id, platform: target.id }
    acknowledged.push(made)
    return made
  }

  async function create(
    tenant: number,
    name: string,
    blueprint: string,
    parameters: unknown,
    terms: object,
  ): Promise<void> {
    const project = tenants[tenant]?.project ?? ''
    const answer = await send('POST', `/v1/projects/${project}/platforms`, { name, blueprint, parameters, ...terms })
    const made = accepted('create', answer)
    if (problemOf(answer)?.code === 'quota_exceeded') counters.hit('branch:quotaRefused')
    if (!made) return
    counters.hit('op:create')
    const [kind = ''] = blueprint.split('@')
    platforms.set(nameOf(tenant, name), { tenant, name, id: made.platform, blueprint: kind, task: made.task })
  }

  async function change(tenant: number, name: string, what: Change): Promise<void> {
    const owned = platforms.get(nameOf(tenant, name))
    if (!owned) return
    const path = `/v1/platforms/${owned.id}`
    const answer =
      what === 'delete'
        ? await send('DELETE', path)
        : what === 'cancel'
          ? await send('POST', `/v1/tasks/${owned.task}/cancel`)
          : await send('POST', `${path}/${what}`, what === 'rollback' ? {} : undefined)
    const made = accepted(what, answer)
    if (made && what !== 'delete') owned.task = made.task
    if (answer.status < 300) counters.hit(`op:${what}`)
    if (problemOf(answer)?.code === 'protected') counters.hit('branch:protected')
  }

  async function patch(tenant: number, name: string, { parameters, version }: Wish): Promise<void> {
    const owned = platforms.get(nameOf(tenant, name))
    if (!owned) return
    const wish = version === undefined ? { parameters } : { blueprint: `${owned.blueprint}@${version}` }
    const made = accepted('change', await send('PATCH', `/v1/platforms/${owned.id}`, wish))
    if (!made) return
    owned.task = made.task
    counters.hit(version === undefined ? 'op:change' : 'op:upgrade')
  }

  async function maintain(host: string, ms: number, deadlineMs: number | null): Promise<void> {
    const path = `/v1/providers/${deps.provider}/hosts/${host}/maintenance`
    try {
      const deadline = deadlineMs === null ? null : new Date(clock.now() + deadlineMs).toISOString()
      const answer = await send('POST', path, { reason: 'a new disk', deadline })
      if (answer.status === 200) counters.hit(deadline === null ? 'op:maintain' : 'op:maintainByDeadline')
      await clock.sleep(ms)
    } finally {
      // Also when nobody said whether it began.
      await send('DELETE', path)
    }
  }

  async function operation(tenant: number, name: string, which: string): Promise<void> {
    const owned = platforms.get(nameOf(tenant, name))
    if (!owned) return
    const answer = await send('POST', `/v1/platforms/${owned.id}/operations`, { operation: which })
    if (accepted(which, answer)) counters.hit('op:operation')
  }

  async function read(tenant: number): Promise<void> {
    const { tenant: id = '', project = '' } = tenants[tenant] ?? {}
    for (const path of [
      `/v1/projects/${project}/platforms`,
      `/v1/platforms?tenant=${id}`,
      `/v1/tasks?tenant=${id}`,
      `/v1/events?tenant=${id}&limit=1000`,
      `/v1/machines?tenant=${id}`,
    ]) {
      const answer = await send('GET', path)
      for (const item of page.safeParse(answer.body).data?.items ?? []) {
        const theirs = item.tenant ?? id
        if (theirs !== id)
          deps.fail(new Violation('tenants-apart', `${path} shows ${JSON.stringify(item).slice(0, 300)}`))
      }
    }
  }

  return {
    platforms,
    acknowledged,
    get waiting() {
      return waiting
    },
    create: (...given) => tracked(create(...given)),
    change: (...given) => tracked(change(...given)),
    maintain: (...given) => tracked(maintain(...given)),
    patch: (...given) => tracked(patch(...given)),
    operation: (...given) => tracked(operation(...given)),
    read: (...given) => tracked(read(...given)),
    find: (tenant, name) => platforms.get(nameOf(tenant, name)),
    tracked,
    send,
  }
}
