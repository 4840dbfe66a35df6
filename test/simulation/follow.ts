// A tenant that follows its events by cursor, page by page or by a stream, from whoever answers: over kills, pauses and
// takeovers it must see each event of its own once, in order, and none of another.

import type Database from 'better-sqlite3'
import { z } from 'zod'
import type { Clock, Random } from '../../src/kernel/seams.ts'
import type { Counters } from './counters.ts'
import type { SimProcess } from './process.ts'
import { Violation } from './violation.ts'

export interface Follower {
  /** Reads what there is up to now. Throws when nobody answers. */
  catchUp(): Promise<void>
  /** What it saw is what is written down. Throws Violation. */
  check(database: Database.Database): void
  /** The file is another one from now on: what was told beyond this cursor may be lost with the old one. */
  restored(cursor: number): void
}

export interface FollowDeps {
  readonly tenant: string
  /** By a stream, or by asking for pages. */
  readonly streams: boolean
  readonly token: string
  readonly clock: Clock
  readonly random: Random
  readonly counters: Counters
  answering(): readonly SimProcess[]
  fail(violation: Violation): void
}

const eventSchema = z.object({ id: z.number(), tenant: z.string().nullable() })
const pageSchema = z.object({ items: z.array(eventSchema), next: z.number() })
const patienceMs = 12_000
const restMs = 15_000
/** A stream says something at least this often, ms. */
const quietMs = 40_000
const againMs = 1_000

export function openFollower(deps: FollowDeps): Follower {
  const { tenant, clock, random } = deps
  const seen: number[] = []
  let cursor = 0

  function see(events: readonly z.infer<typeof eventSchema>[]): void {
    for (const event of events) {
      if (event.tenant !== tenant)
        deps.fail(new Violation('tenants-apart', `who follows ${tenant} is told event ${event.id} of ${event.tenant}`))
      const last = seen.at(-1) ?? 0
      if (event.id <= last)
        deps.fail(new Violation('cursor-monotone', `who follows ${tenant} is told ${event.id} after ${last}`))
      seen.push(event.id)
    }
  }

  /** Undefined: it took too long, or its process is over. */
  async function patiently<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
    const over = new AbortController()
    const nothing = () => undefined
    try {
      return await Promise.race([work, clock.sleep(ms, over.signal).then(nothing, nothing)])
    } finally {
      over.abort()
    }
  }

  function anybody(): SimProcess | undefined {
    const able = deps.answering()
    return able[Math.floor(random.next() * able.length)]
  }

  /** True when there may be more. */
  async function readPage(): Promise<boolean> {
    const limit = 4 + Math.floor(random.next() * 60)
    const path = `/v1/events?tenant=${tenant}&after=${cursor}&limit=${limit}`
    const process = anybody()
    const answer = process && (await patiently(process.request('GET', path), patienceMs))
    if (answer?.status !== 200) {
      await clock.sleep(againMs)
      return true
    }
    const { items, next } = pageSchema.parse(answer.body)
    see(items)
    cursor = next
    if (items.length > 0) deps.counters.hit('op:follow')
    return items.length === limit
  }

  async function readStream(process: SimProcess, signal: AbortSignal): Promise<void> {
    const over = new AbortController()
    const stopped = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined)))
    const response = await process.house.api.request(`http://gantry/v1/events?tenant=${tenant}`, {
      headers: {
        authorization: `Bearer ${deps.token}`,
        accept: 'text/event-stream',
        'last-event-id': String(cursor),
      },
      signal: over.signal,
    })
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    try {
      while (reader && process.alive) {
        const chunk = await patiently(Promise.race([reader.read(), stopped]), quietMs)
        if (chunk === undefined || chunk.done || !process.alive) return
        const frames = (text + chunk.value).split('\n\n')
        text = frames.pop() ?? ''
        for (const frame of frames) {
          const data = /^data: ?(.*)$/m.exec(frame)?.[1]
          if (data === undefined) continue
          const event = eventSchema.parse(JSON.parse(data))
          see([event])
          cursor = event.id
          deps.counters.hit('op:stream')
        }
      }
    } finally {
      over.abort()
      reader?.cancel().catch(() => undefined)
    }
  }

  async function follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const process = anybody()
      // What ends it is a death in the middle: the next one is asked for the rest.
      if (deps.streams && process) await readStream(process, signal).catch(() => undefined)
      else while ((await readPage()) && !signal.aborted);
      await clock.sleep(restMs, signal).catch(() => undefined)
    }
  }

  let stop = new AbortController()
  let following = follow(stop.signal)

  return {
    async catchUp() {
      stop.abort()
      await following
      while (await readPage());
      stop = new AbortController()
      following = follow(stop.signal)
    },
    check(database) {
      const rows = database
        .prepare<[string, number], { seq: number }>(
          'select seq from events where tenant_id = ? and seq <= ? order by seq',
        )
        .all(tenant, cursor)
      const missed = rows.find(({ seq }, at) => seen[at] !== seq)
      if (missed || rows.length !== seen.length)
        throw new Violation(
          'cursor-monotone',
          `who follows ${tenant} saw ${seen.length} of ${rows.length} events up to ${cursor}, not ${missed?.seq}`,
        )
    },
    restored(kept) {
      while ((seen.at(-1) ?? 0) > kept) seen.pop()
    },
  }
}
