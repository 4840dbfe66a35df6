import type { IFileSystem } from 'just-bash'
import type { Machine } from './machine.ts'
import type { Process, SpawnRequest } from './process.ts'

// A command of the simulated machine in our own terms, so that only bash.ts knows the interpreter.

export interface Result {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

export interface Invocation {
  readonly args: readonly string[]
  readonly cwd: string
  /** What the shell exports to its children. */
  readonly exported: Readonly<Record<string, string>>
  /** Every variable of the calling shell, exported or not. */
  readonly variables: ReadonlyMap<string, string>
  readonly stdin: string
  /** Files behind descriptors of the calling shell, where a redirection opened them. */
  readonly files: ReadonlyMap<number, string>
  readonly fs: IFileSystem
  readonly machine: Machine
  /** The process whose shell calls the command. */
  readonly process: Process
  /** Aborts when the calling flow is ended. */
  readonly signal: AbortSignal
  /** Sets a variable in the calling shell. */
  assign(name: string, value: string): Promise<void>
  /** Runs a program as a child and waits for it; the child dies with the caller. */
  run(argv: readonly string[], options?: Partial<SpawnRequest>): Promise<Result>
}

export type Command = (invocation: Invocation) => Promise<Result> | Result
export type Commands = Readonly<Record<string, Command>>

export function ok(stdout = '', stderr = ''): Result {
  return { stdout, stderr, exitCode: 0 }
}

export function fail(exitCode: number, stderr: string, stdout = ''): Result {
  return { stdout, stderr: stderr === '' || stderr.endsWith('\n') ? stderr : `${stderr}\n`, exitCode }
}

/** A word as the shell reads it back unchanged. */
export function quote(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
