// A secret is never an argument: arguments are seen by everybody on the machine and kept in the shell's history.

import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import type { World } from './world.ts'

/** Asks on the terminal without showing what is typed; without a terminal takes the next line of standard input. */
export async function askSecret(name: string, world: World): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = process.stdin.isTTY === true
  if (terminal) world.err.write(`${name}: `)
  const lines = createInterface({ input: process.stdin, output: silent, terminal })
  try {
    return await lines.question('', { signal: world.signal })
  } finally {
    lines.close()
    if (terminal) world.err.write('\n')
  }
}
