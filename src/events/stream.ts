// Following the log as it grows. A commit only wakes us; what is told is always read from the table, page
// by page and when the reader asks for more, so nothing is missed, nothing is told twice, and a slow
// reader costs one page of memory.

import { noMore } from '../kernel/no-more.ts'
import type { Seams } from '../kernel/seams.ts'
import type { Store } from '../store/store.ts'
import type { RecordedEvent } from './event.ts'
import { type EventFilter, lastEventSeq, listEvents } from './list.ts'

const pageSize = 100
// Commits of other processes on the same file do not wake us.
const pollEveryMs = 1_000

/**
 * Every event after `filter.after` that matches, first those that exist, then those that come, until
 * `signal` aborts (then it ends without an error) or the reader returns.
 */
export async function* followEvents(
  store: Store,
  seams: Seams,
  filter: Omit<EventFilter, 'upTo'>,
  signal: AbortSignal,
): AsyncGenerator<RecordedEvent, void, undefined> {
  let after = filter.after ?? 0
  let newest = 0
  let wake: (() => void) | null = null
  const leave = store.onCommit((seq) => {
    newest = Math.max(newest, seq)
    if (newest > after) wake?.()
  })
  try {
    while (!signal.aborted) {
      const last = await lastEventSeq(store.read)
      while (after < last && !signal.aborted) {
        const page = await listEvents(store.read, { ...filter, after, upTo: last, limit: pageSize })
        for (const event of page) {
          after = event.seq
          yield event
          if (signal.aborted) return
        }
        // Nothing up to `last` is left: later pages need not pass over what did not match again.
        if (page.length < pageSize) after = last
      }
      if (newest <= after && !signal.aborted) await woken()
    }
  } finally {
    leave()
  }

  async function woken(): Promise<void> {
    const waiting = new AbortController()
    wake = () => waiting.abort(noMore)
    // Any rejection is one of our two signals; the loop looks at which.
    await seams.clock.sleep(pollEveryMs, AbortSignal.any([signal, waiting.signal])).catch(() => undefined)
    wake = null
  }
}
