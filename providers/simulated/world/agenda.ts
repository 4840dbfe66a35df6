// What is to happen when an instant has passed, in the order of the instants. Nobody wakes up for it: whoever looks at
// the world first lets happen what is due.

export interface Agenda<T> {
  add(at: number, what: T): void
  /** Lets everything happen whose instant is not after `now`. */
  until(now: number): void
  /** What is still to happen, for another agenda to go on with. */
  state(): readonly Entry<T>[]
}

export interface Entry<T> {
  readonly at: number
  readonly what: T
}

/** A binary heap: thousands of machines may be leaving at once, and each look asks only for the first of them. */
export function createAgenda<T>(happen: (what: T) => void, from: readonly Entry<T>[] = []): Agenda<T> {
  const heap = [...from]

  function swap(a: number, b: number): void {
    const [one, other] = [heap[a], heap[b]]
    if (!one || !other) return
    heap[a] = other
    heap[b] = one
  }

  function atOf(index: number): number {
    return heap[index]?.at ?? Number.POSITIVE_INFINITY
  }

  function takeFirst(): Entry<T> | undefined {
    swap(0, heap.length - 1)
    const first = heap.pop()
    for (let index = 0; ; ) {
      const left = 2 * index + 1
      const least = atOf(left + 1) < atOf(left) ? left + 1 : left
      if (atOf(least) >= atOf(index)) return first
      swap(index, least)
      index = least
    }
  }

  return {
    add(at, what) {
      let index = heap.push({ at, what }) - 1
      while (index > 0) {
        const parent = (index - 1) >> 1
        if (atOf(parent) <= at) return
        swap(index, parent)
        index = parent
      }
    },
    until(now) {
      while (atOf(0) <= now) {
        const first = takeFirst()
        if (first) happen(first.what)
      }
    },
    state: () => [...heap],
  }
}
