// The same facts for eyes and for programs: a command gives the data it got and a way to show it.

import { stringify } from 'yaml'
import { type Paint, paintFor } from './client/text.ts'
import type { Output } from './settings.ts'
import type { World } from './world.ts'

export interface Printer {
  readonly paint: Paint
  readonly output: Output
  /** Prints `data` as JSON or YAML, or the lines that `human` makes for a reader. */
  data(data: unknown, human: (paint: Paint) => readonly string[]): void
  /** Prints lines for a reader; nothing at all where a program reads. */
  say(...lines: readonly string[]): void
}

export function printerOf(world: World, output: Output): Printer {
  const paint = paintFor(world.out, world.env)
  const write = (lines: readonly string[]) => {
    if (lines.length > 0) world.out.write(`${lines.join('\n')}\n`)
  }
  return {
    paint,
    output,
    data(data, human) {
      switch (output) {
        case 'json':
          return write([JSON.stringify(data, null, 2)])
        case 'yaml':
          return write([stringify(data).trimEnd()])
        case 'table':
          return write(human(paint))
      }
    },
    say(...lines) {
      if (output === 'table') write(lines)
    },
  }
}
