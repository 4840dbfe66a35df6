import type { Machine, Pipe, Process } from './inside.ts'
import { untilAborted } from './until-aborted.ts'

// A named pipe ends when everybody who ever wrote to it has ended, as closing descriptors would have it.

const mark = /^<simulated-pipe:(.*)>$/s

export function openPipe(): Pipe {
  let chunks: Uint8Array[] = []
  const writers = new Set<Process>()
  let wake: () => void = () => {}
  let changed = new Promise<void>((resolve) => {
    wake = resolve
  })
  const tell = (): void => {
    wake()
    changed = new Promise((resolve) => {
      wake = resolve
    })
  }
  const isOver = (): boolean => writers.size > 0 && [...writers].every((writer) => writer.ended !== null)

  return {
    open: (writer) => {
      if (writers.has(writer)) return
      writers.add(writer)
      writer.done.then(tell, tell)
    },
    write: (chunk) => {
      if (chunk.length === 0) return
      chunks.push(chunk)
      tell()
    },
    read: async (limit, signal) => {
      for (;;) {
        const [first, ...rest] = chunks
        if (first !== undefined) {
          chunks = first.length > limit ? [first.subarray(limit), ...rest] : rest
          return first.subarray(0, limit)
        }
        if (isOver()) return null
        await untilAborted(changed, signal)
      }
    },
  }
}

/** What stands for the contents of the pipe at `path`. */
export function pipeMark(path: string): string {
  return `<simulated-pipe:${path}>`
}

/** The pipe that `input` stands for, if it stands for one. */
export function pipeBehind(machine: Machine, input: string): Pipe | undefined {
  const path = mark.exec(input)?.[1]
  return path === undefined ? undefined : machine.pipes.get(path)
}
