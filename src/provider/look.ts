// Many steps look at the same provider at the same moment; one call answers them all. Looks that arrive
// while a call is under way go into the next one, so nobody gets an answer older than the question.

import type { NativeRef, Observed, OwnerTag, ResourceKey, Session } from './contract.ts'

export interface Looker {
  /** Every object seen under the key, ours or not; empty: absent when looked. Throws ProviderFault. */
  look(owner: OwnerTag, key: ResourceKey, ref: NativeRef | undefined, signal: AbortSignal): Promise<readonly Observed[]>
}

interface Question {
  readonly owner: OwnerTag
  readonly key: ResourceKey
  readonly ref: NativeRef | undefined
  readonly answer: (seen: readonly Observed[]) => void
  readonly fail: (error: unknown) => void
}

/** Keys asked for in one call at most, COUNT. */
const batchSize = 500

export function lookerOver(session: Session): Looker {
  let asked: Question[] = []
  let asking = false

  async function ask(): Promise<void> {
    while (asked.length > 0) {
      // Whoever asks in this turn of the event loop joins the call.
      await Promise.resolve()
      const batch = asked.slice(0, batchSize)
      asked = asked.slice(batchSize)
      await answer(batch)
    }
    asking = false
  }

  async function answer(batch: readonly Question[]): Promise<void> {
    const [first] = batch
    if (!first) return
    try {
      const seen = new Map<string, Observed[]>()
      // One caller's abort must not fail the others, and a look has no effect to be stopped.
      const signal = new AbortController().signal
      for await (const observed of session.observe(first.owner, batch, signal)) {
        const known = seen.get(observed.key)
        if (known) known.push(observed)
        else seen.set(observed.key, [observed])
      }
      for (const question of batch) question.answer(seen.get(question.key) ?? [])
    } catch (error) {
      for (const question of batch) question.fail(error)
    }
  }

  return {
    look(owner, key, ref, signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        // The call goes on for the others; who was stopped must not wait for it.
        const leave = () => reject(signal.reason)
        const over = () => signal.removeEventListener('abort', leave)
        signal.addEventListener('abort', leave, { once: true })
        asked.push({
          owner,
          key,
          ref,
          answer(seen) {
            over()
            resolve(seen)
          },
          fail(error) {
            over()
            reject(error)
          },
        })
        if (asking) return
        asking = true
        ask().catch(reject)
      })
    },
  }
}
