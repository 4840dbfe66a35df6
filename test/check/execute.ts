// One way to run a program and keep what it says.

import { spawn } from 'node:child_process'

export interface Execution {
  /** The exit code; 128 when a signal ended the program, 127 when it could not be started. */
  readonly code: number
  /** Standard output and standard error as they came. */
  readonly output: string
}

export function execute(program: string, args: readonly string[], folder: string): Promise<Execution> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const take = (chunk: Buffer) => {
      output += chunk.toString()
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.on('error', (error) => resolve({ code: 127, output: `${program}: ${error.message}\n` }))
    child.on('close', (code) => resolve({ code: code ?? 128, output }))
  })
}
