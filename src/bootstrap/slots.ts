// Turns on something that takes only so many at once, first come, first served.

export interface Slots {
  /** How many turns are taken now. */
  readonly taken: number
  /** Resolves with a function that gives the turn back; rejects with the signal's reason while waiting. */
  take(signal: AbortSignal): Promise<() => void>
  /** From now on one turn less at a time, but never none. */
  shrink(): void
}

/** `limit` turns at once. */
export function slots(limit: number): Slots {
  let free = limit
  let capacity = limit
  const waiting: (() => void)[] = []

  function giveBack(): void {
    free += 1
    if (free > 0) waiting.shift()?.()
  }

  function turn(): () => void {
    free -= 1
    let held = true
    return () => {
      if (held) giveBack()
      held = false
    }
  }

  return {
    get taken() {
      return capacity - free
    },
    take(signal) {
      if (signal.aborted) return Promise.reject(signal.reason)
      if (free > 0) return Promise.resolve(turn())
      return new Promise((resolve, reject) => {
        const come = () => {
          signal.removeEventListener('abort', leave)
          resolve(turn())
        }
        const leave = () => {
          waiting.splice(waiting.indexOf(come), 1)
          reject(signal.reason)
        }
        signal.addEventListener('abort', leave, { once: true })
        waiting.push(come)
      })
    },
    shrink() {
      if (capacity === 1) return
      capacity -= 1
      free -= 1
    },
  }
}
