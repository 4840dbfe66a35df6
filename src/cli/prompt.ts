// A secret is never an argument: arguments are seen by everybody on the machine and kept in the shell's history.

import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { UsageError } from './usage.ts'
import type { World } from './world.ts'

/** Asks on the terminal without showing what is typed; without a terminal takes the next line of standard input. */
export async function askSecret(name: string, world: World): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = process.stdin.isTTY === true
  if (terminal) world.err.write(`${name}: `)
  const lines = createInterface({ input: process.stdin, output: silent, terminal })
  try {
    // Input that ends without a line would leave the question waiting for ever.
    const ended = once(lines, 'close').then(() => undefined)
    const answer = await Promise.race([lines.question('', { signal: world.signal }), ended])
    if (answer !== undefined) return answer
    throw new UsageError(`--secret ${name}: there is nothing to read.`, {
      next: `Give it as a line of standard input, or as  --secret ${name}=@file`,
    })
  } finally {
    lines.close()
    if (terminal) world.err.write('\n')
  }
}
