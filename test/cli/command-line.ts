// A command as a person types it, run in a world of the test's making.

import { join } from 'node:path'
import { runCommand } from '../../src/cli/main.ts'
import type { World } from '../../src/cli/world.ts'
import { start } from './sample-task.ts'

export interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
}

/**
 * Runs one line a minute after the sample's start; `folder` holds the contexts, `world` replaces parts of its world, and
 * `quoted` are words that follow the line and may have spaces.
 */
export async function typed(
  line: string,
  folder: string,
  world: Partial<World> = {},
  quoted: readonly string[] = [],
): Promise<Said> {
  let [out, err] = ['', '']
  const code = await runCommand([...line.split(' ').filter(Boolean), ...quoted], {
    out: { write: (text) => (out += text) },
    err: { write: (text) => (err += text) },
    now: () => start + 60_000,
    signal: new AbortController().signal,
    ...world,
    env: { GANTRY_CONFIG_DIR: join(folder, 'config'), ...world.env },
  })
  return { code, out, err }
}
