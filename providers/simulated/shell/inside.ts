import type { IFileSystem, InMemoryFs, StatementNode } from 'just-bash'
import type { Seams } from '../../../src/kernel/seams.ts'
import type { Swarms } from '../swarm/swarms.ts'

// The words of a machine's inside: the machine, its processes and its commands need each other, so their shapes
// stand together here.

export interface MachineFacts {
  readonly hostname: string
  /** Addresses in the simulated network, preferred first. */
  readonly addresses: readonly string[]
  readonly image: string
  readonly cpu: number
  readonly memoryBytes: number
  readonly diskBytes: number
  readonly loginUser: string
  /** Factor on the time long work takes. */
  readonly workFactor: number
}

/** What a machine reaches beyond itself. */
export interface Surroundings {
  readonly swarms: Swarms
  /** Asks for power off and on again. */
  reboot(): void
  /** Whether the machine itself answers on its network. */
  answers(): boolean
  /** Whether the machine at an address of the network answers. */
  reaches(address: string): boolean
}

/** The inside of a machine: what a person logged in by SSH would find. */
export interface Machine {
  /** Programs the interpreter does not bring along, by name. */
  readonly commands: Commands
  /** Programs found in /usr/bin from the start. */
  readonly programs: ReadonlySet<string>
  readonly around: Surroundings
  readonly facts: MachineFacts
  readonly seams: Seams
  readonly processes: ProcessTable
  readonly disk: InMemoryFs
  /** Its own name for itself; the one of /etc/hostname after a boot. */
  hostname: string
  /** Changes with every boot. */
  bootId: string
  bootedAt: number
  /** Writes fail with ENOSPC while true. */
  diskFull: boolean
  /** Names of installed packages. */
  readonly packages: Set<string>
  /** Services that run, by unit name without `.service`. */
  readonly services: Set<string>
  readonly enabled: Set<string>
  /** Locks of flock(1) by path. */
  readonly locks: Map<string, Process>
  readonly pipes: Map<string, Pipe>
  readonly root: User
  userNamed(name: string): User | undefined
  /** Starts a program or shell text as a process. */
  spawn(request: SpawnRequest): Process
  /** Variables of every login, from /etc/environment. */
  environment(): Promise<Record<string, string>>
  /** Runs a program in the place of `process`: the pid stays. */
  become(process: Process, request: SpawnRequest): Promise<Result>
  /** Work that takes `ms` on a real machine. */
  work(ms: number, signal: AbortSignal): Promise<void>
  /** Power off, or the start of a reboot: processes and everything in memory are gone, the disk stays. */
  halt(): void
  boot(): void
  /** Adds a program to /usr/bin. */
  install(program: string): void
}

/** A named pipe: what was written and not yet read. */
export interface Pipe {
  /** `writer` holds the pipe open until it ends. */
  open(writer: Process): void
  write(chunk: Uint8Array): void
  /** At most `limit` bytes; null when all writers have ended. */
  read(limit: number, signal: AbortSignal): Promise<Uint8Array | null>
}

export interface User {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly home: string
}

/** A program with its arguments, shell text, or a job that a shell has already parsed. */
export type Runnable =
  | { readonly kind: 'program'; readonly argv: readonly string[] }
  | { readonly kind: 'script'; readonly script: string }
  | { readonly kind: 'job'; readonly statements: readonly StatementNode[] }

/** Paths of the files behind standard output and error; null: what is written is in the result. */
export interface Output {
  readonly out: string | null
  readonly err: string | null
  /** Those that are emptied first. */
  readonly fresh: readonly string[]
}

export const noOutput: Output = { out: null, err: null, fresh: [] }

export interface SpawnRequest {
  readonly run: Runnable
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly user: User
  readonly stdin: string
  /** Shell text put before everything: variables inherited from the parent. */
  readonly prelude: string
  /** Files its output goes to while it runs. */
  readonly output: Output
  readonly parent: Process | null
  /** The child ends when this aborts; null for whatever lives on its own. */
  readonly tiedTo: AbortSignal | null
}

export interface Process {
  readonly pid: number
  readonly parentPid: number
  readonly user: User
  readonly startedAt: number
  /** The process group, for `kill -- -GROUP`. */
  group: number
  /** What ps shows. */
  command: string
  readonly aborted: AbortSignal
  readonly done: Promise<Result>
  ended: Result | null
  umask: number
  /** Shell text by signal name or EXIT, as `trap` was told; empty text ignores the signal. */
  readonly traps: Map<string, string>
  /** Variables as they were when `trap` was called, for its text. */
  trapVariables: ReadonlyMap<string, string>
  /** Children in the background, for `wait`. */
  readonly jobs: Process[]
  /** The signal that ended it. */
  killedBy: SignalName | null
  kill(signal: SignalName): void
}

export const signalNumbers = { HUP: 1, INT: 2, QUIT: 3, KILL: 9, USR1: 10, USR2: 12, TERM: 15 } as const
export type SignalName = keyof typeof signalNumbers

export interface ProcessTable {
  /** The highest number given since the boot. */
  readonly lastPid: number
  list(): readonly Process[]
  find(pid: number): Process | undefined
  /** Starts `body` as a process; its answer is the process's. */
  start(spec: StartSpec, body: (process: Process) => Promise<Result>): Process
  /** Power is gone: everything stops where it is. */
  clear(): void
}

export type StartSpec = Readonly<Pick<Process, 'command' | 'user'>> & Pick<SpawnRequest, 'parent' | 'tiedTo'>

export interface Result {
  /** Text; one character a byte when `binary`. */
  readonly stdout: string
  readonly binary?: boolean
  readonly stderr: string
  readonly exitCode: number
}

/** One call of a command, in our own terms: only bash.ts knows the interpreter's. */
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
  /** Where the calling process writes. */
  readonly output: Output
  /** The statements behind a job number of `__spawn`. */
  job(number: number): readonly StatementNode[]
  /** Text for `eval`, which parses on its own. */
  rewriteText(text: string): string
  /** Writes to the output now, where it goes to a file; else with the result. */
  print(text: string | Uint8Array): Promise<void>
  /** Sets a variable in the calling shell. */
  assign(name: string, value: string): Promise<void>
  /** A child as the caller would start it: its environment, folder, user, input and output. */
  child(argv: readonly string[], change?: Partial<SpawnRequest>): SpawnRequest
  /** Runs a program as a child and waits for it; the child dies with the caller. */
  run(argv: readonly string[]): Promise<Result>
  /** The interpreter's own command of the same name. */
  original(): Promise<Result>
}

export type Command = (invocation: Invocation) => Promise<Result> | Result
export type Commands = Readonly<Record<string, Command>>
