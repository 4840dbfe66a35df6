import {
  Bash,
  type Command as BashCommand,
  decodeBytesToUtf8,
  defineCommand,
  type IFileSystem,
  type StatementNode,
} from 'just-bash'
import { createDialect, type Dialect } from './dialect.ts'
import type { Command, Machine, Output, Process, Result, SpawnRequest } from './inside.ts'

// The only file that knows the interpreter. Every process gets a shell of its own, made when it starts and
// gone when it ends: 0.1 ms, and nothing stays behind but the machine's file system.

export interface ShellRequest {
  readonly script: string
  /** What `__body` in the script stands for. */
  readonly body: readonly StatementNode[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly stdin: string
  readonly output: Output
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
  const dialect = createDialect(request.body, request.output)
  const bash = new Bash({
    fs,
    cwd: request.cwd,
    env: { ...request.env },
    customCommands: Object.entries(machine.commands).map(([name, run]) =>
      adapt({ machine, process, fs, dialect, output: request.output }, name, run),
    ),
    defenseInDepth: false,
    executionLimits: limits,
    sleep: (ms) => machine.seams.clock.sleep(ms, process.aborted),
    processInfo: { pid: process.pid, ppid: process.parentPid, uid: process.user.uid, gid: process.user.gid },
  })
  bash.registerTransformPlugin(dialect.plugin)
  const result = await bash.exec(request.script, {
    rawScript: true,
    stdin: request.stdin,
    signal: process.aborted,
  })
  const stderr = process.aborted.aborted ? result.stderr.replace('bash: execution aborted\n', '') : result.stderr
  return { ...(await left(fs, request.output, result.stdout, stderr)), exitCode: result.exitCode }
}

/** Writes what the dialect could not send to the files; answers what has no file to go to. */
async function left(
  fs: IFileSystem,
  { out, err }: Output,
  stdout: string,
  stderr: string,
): Promise<{ stdout: string; stderr: string }> {
  if (out !== null && stdout !== '') await fs.appendFile(out, stdout)
  if (err !== null && stderr !== '') await fs.appendFile(err, stderr)
  return { stdout: out === null ? stdout : '', stderr: err === null ? stderr : '' }
}

interface Shell {
  readonly machine: Machine
  readonly process: Process
  readonly fs: IFileSystem
  readonly dialect: Dialect
  readonly output: Output
}

function adapt({ machine, process, fs, dialect, output }: Shell, name: string, run: Command): BashCommand {
  return defineCommand(name, async (args, context) => {
    const files = filesOf(context.fileDescriptors)
    const signal = context.signal ?? process.aborted
    const exported = { ...context.exportedEnv }
    const cwd = context.cwd
    const stdin = decodeBytesToUtf8(context.stdin)
    const assign = context.assignShellVariable
    const child = (argv: readonly string[], change: Partial<SpawnRequest> = {}): SpawnRequest => ({
      run: { kind: 'program', argv },
      env: exported,
      cwd,
      user: process.user,
      stdin,
      prelude: '',
      output: { out: files.get(1) ?? null, err: files.get(2) ?? null, fresh: [] },
      parent: process,
      tiedTo: signal,
      ...change,
    })
    let printed = ''
    const result = await run({
      args,
      cwd,
      exported,
      variables: context.env,
      stdin,
      files,
      fs,
      machine,
      process,
      signal,
      output,
      job: dialect.job,
      rewriteText: dialect.rewriteText,
      print: async (text) => {
        const file = files.get(1)
        if (file !== undefined) await fs.appendFile(file, text)
        else printed += typeof text === 'string' ? text : Buffer.from(text).toString('utf8')
      },
      assign: async (variable, value) => assign?.(variable, value),
      child,
      run: (argv) => machine.spawn(child(argv)).done,
      original: async () => {
        const bundled = context.origCommand
        if (bundled === undefined) return { stdout: '', stderr: `${name}: not found\n`, exitCode: 127 }
        const { stdout, stderr, exitCode, stdoutKind, stdoutEncoding } = await bundled(args)
        return { stdout, stderr, exitCode, binary: stdoutKind === 'bytes' || stdoutEncoding === 'binary' }
      },
    })
    const stdout = printed + result.stdout
    const stdoutKind = result.binary || isLongAscii(stdout) ? 'bytes' : 'text'
    return { stdout, stderr: result.stderr, exitCode: result.exitCode, stdoutKind }
  })
}

/** The interpreter encodes text character by character, which takes seconds for what fills a log. */
function isLongAscii(text: string): boolean {
  return text.length > 65_536 && Buffer.byteLength(text) === text.length
}

function filesOf(descriptors: ReadonlyMap<number, string> | undefined): Map<number, string> {
  const files = new Map<number, string>()
  for (const [fd, what] of descriptors ?? []) {
    const match = /^__file(?:_append)?__:(.*)$/s.exec(what)
    if (match?.[1] !== undefined) files.set(fd, match[1])
  }
  return files
}
