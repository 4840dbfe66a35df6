// Order inside one process: one change at a time on one machine, and no more machines in the making than the server
// likes. Both are queues of promises; nothing here knows time.

/** Runs `work` when nobody else works under this name. */
export function turns(): <T>(name: string, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>()
  return async (name, work) => {
    const before = last.get(name)
    const mine = (before ?? Promise.resolve()).then(work, work)
    last.set(name, mine)
    try {
      return await mine
    } finally {
      if (last.get(name) === mine) last.delete(name)
    }
  }
}

/** Runs at most `width` works at once; the others wait, first come first served. A waiter leaves when its signal aborts. */
export function gate(width: number): <T>(work: () => Promise<T>, signal: AbortSignal) => Promise<T> {
  let free = width
  const waiting: (() => void)[] = []

  function enter(signal: AbortSignal): Promise<void> {
    if (free > 0) {
      free--
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const proceed = () => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      const leave = () => {
        waiting.splice(waiting.indexOf(proceed), 1)
        reject(signal.reason)
      }
      waiting.push(proceed)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  return async (work, signal) => {
    signal.throwIfAborted()
    await enter(signal)
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free++
    }
  }
}
