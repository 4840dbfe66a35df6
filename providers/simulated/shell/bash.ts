import { Bash, type Command as BashCommand, decodeBytesToUtf8, defineCommand, type IFileSystem } from 'just-bash'
import { type Command, quote, type Result } from './command.ts'
import { dialect } from './dialect.ts'
import type { Machine } from './machine.ts'
import type { Process, SpawnRequest } from './process.ts'

// The only file that knows the interpreter. Every process gets a shell of its own, made when it starts and
// gone when it ends: 0.1 ms, and nothing stays behind but the machine's file system.

export interface ShellRequest {
  readonly script: string
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly stdin: string
}

// Deadlines and clean-up waits of the interpreter would be real timers: histories run by their own clock.
const limits = { maxExecutionTimeMs: Number.POSITIVE_INFINITY, maxExtensionCleanupTimeMs: 0, maxCallDepth: 200 }

/** Runs shell text as `process` and answers its output and exit code; never throws. */
export async function runShell(
  machine: Machine,
  process: Process,
  fs: IFileSystem,
  request: ShellRequest,
): Promise<Result> {
  const bash = new Bash({
    fs,
    cwd: request.cwd,
    env: { ...request.env },
    customCommands: Object.entries(machine.commands).map(([name, run]) => adapt(machine, process, fs, name, run)),
    defenseInDepth: false,
    executionLimits: limits,
    sleep: (ms) => machine.seams.clock.sleep(ms, process.aborted),
    processInfo: { pid: process.pid, ppid: process.parentPid, uid: process.user.uid, gid: process.user.gid },
  })
  bash.registerTransformPlugin(dialect)
  const result = await bash.exec(request.script, {
    rawScript: true,
    stdin: request.stdin,
    signal: process.aborted,
  })
  const stderr = process.aborted.aborted ? result.stderr.replace('bash: execution aborted\n', '') : result.stderr
  return { stdout: result.stdout, stderr, exitCode: result.exitCode }
}

function adapt(machine: Machine, process: Process, fs: IFileSystem, name: string, run: Command): BashCommand {
  return defineCommand(name, async (args, context) => {
    const files = filesOf(context.fileDescriptors)
    const signal = context.signal ?? process.aborted
    const exported = { ...context.exportedEnv }
    const cwd = context.cwd
    const assign = context.assignShellVariable
    return run({
      args,
      cwd,
      exported,
      variables: context.env,
      stdin: decodeBytesToUtf8(context.stdin),
      files,
      fs,
      machine,
      process,
      signal,
      assign: async (variable, value) => assign?.(variable, value),
      run: async (argv: readonly string[], options?: Partial<SpawnRequest>) =>
        machine.spawn({
          run: { argv },
          env: exported,
          cwd,
          user: process.user,
          stdin: decodeBytesToUtf8(context.stdin),
          prelude: redirections(files),
          parent: process,
          tiedTo: signal,
          ...options,
        }).done,
    })
  })
}

/** Shell text that gives a child the files its parent's output goes to. */
export function redirections(files: ReadonlyMap<number, string>): string {
  const out = files.get(1)
  const err = files.get(2)
  const words = [out === undefined ? '' : `>>${quote(out)}`, err === undefined ? '' : `2>>${quote(err)}`]
  const text = words.filter((part) => part !== '').join(' ')
  return text === '' ? '' : `exec ${text}; `
}

function filesOf(descriptors: ReadonlyMap<number, string> | undefined): Map<number, string> {
  const files = new Map<number, string>()
  for (const [fd, what] of descriptors ?? []) {
    const match = /^__file(?:_append)?__:(.*)$/s.exec(what)
    if (match?.[1] !== undefined) files.set(fd, match[1])
  }
  return files
}
