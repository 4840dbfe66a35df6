// Sleepers by time, and by the order they lay down in when two wake at the same instant: a history must not
// depend on how a sort treats equals.

export interface TimerHeap {
  readonly size: number
  add(at: number, fire: () => void): { cancel(): void }
  /** When the next one is due, or undefined. */
  peek(): number | undefined
  fireNext(): void
}

interface Entry {
  readonly at: number
  readonly order: number
  fire: (() => void) | null
}

/** A binary heap; cancelled entries stay until they come up. */
export function timerHeap(): TimerHeap {
  const entries: Entry[] = []
  let order = 0
  let cancelled = 0

  const before = (a: Entry | undefined, b: Entry | undefined): boolean =>
    a !== undefined && b !== undefined && (a.at < b.at || (a.at === b.at && a.order < b.order))

  const swap = (i: number, j: number): void => {
    const [a, b] = [entries[i], entries[j]]
    if (a === undefined || b === undefined) return
    entries[i] = b
    entries[j] = a
  }

  const removeTop = (): Entry | undefined => {
    const top = entries[0]
    const last = entries.pop()
    if (top === undefined || last === undefined || entries.length === 0) return top
    entries[0] = last
    for (let i = 0; ; ) {
      const [left, right] = [2 * i + 1, 2 * i + 2]
      let least = i
      if (before(entries[left], entries[least])) least = left
      if (before(entries[right], entries[least])) least = right
      if (least === i) return top
      swap(i, least)
      i = least
    }
  }

  const dropCancelled = (): void => {
    while (entries[0] !== undefined && entries[0].fire === null) {
      removeTop()
      cancelled--
    }
  }

  return {
    get size() {
      return entries.length - cancelled
    },
    add: (at, fire) => {
      const entry: Entry = { at, order: order++, fire }
      entries.push(entry)
      for (let i = entries.length - 1; i > 0; ) {
        const parent = (i - 1) >> 1
        if (!before(entries[i], entries[parent])) break
        swap(i, parent)
        i = parent
      }
      return {
        cancel: () => {
          if (entry.fire === null) return
          entry.fire = null
          cancelled++
        },
      }
    },
    peek: () => {
      dropCancelled()
      return entries[0]?.at
    },
    fireNext: () => {
      dropCancelled()
      const fire = removeTop()?.fire
      fire?.()
    },
  }
}
