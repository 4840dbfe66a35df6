import type { InMemoryFs } from 'just-bash'
import type { Seams } from '../../../src/kernel/seams.ts'
import type { Swarms } from '../swarm/swarms.ts'
import { runShell } from './bash.ts'
import { type Commands, quote, type Result } from './command.ts'
import { createDisk, stub } from './disk.ts'
import { type Process, type ProcessTable, processTable, type SpawnRequest, type User } from './process.ts'
import { shellWords } from './shell-words.ts'
import { viewOf } from './view.ts'

// The inside of a machine: what a person logged in by SSH would find. The disk is made when something first
// runs, so a machine nobody has entered costs next to nothing.

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
}

export interface Machine {
  /** Programs the interpreter does not bring along, by name. */
  readonly commands: Commands
  readonly around: Surroundings
  readonly facts: MachineFacts
  readonly seams: Seams
  readonly processes: ProcessTable
  readonly disk: InMemoryFs
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
  readonly root: User
  userNamed(name: string): User | undefined
  /** Starts a program or shell text as a process. */
  spawn(request: SpawnRequest): Process
  /** Work that takes `ms` on a real machine. */
  work(ms: number, signal: AbortSignal): Promise<void>
  /** Power off, or the start of a reboot: processes and everything in memory are gone, the disk stays. */
  halt(): void
  boot(): void
  /** Adds a program to /usr/bin. */
  install(program: string): void
}

const root: User = { name: 'root', uid: 0, gid: 0, home: '/root' }

export function createMachine(facts: MachineFacts, seams: Seams, commands: Commands, around: Surroundings): Machine {
  let disk: InMemoryFs | null = null
  const users = [root, { name: facts.loginUser, uid: 1000, gid: 1000, home: `/home/${facts.loginUser}` }]

  const machine: Machine = {
    commands,
    around,
    facts,
    seams,
    processes: processTable(seams),
    get disk() {
      disk ??= createDisk(machine, Object.keys(commands))
      return disk
    },
    bootId: '',
    bootedAt: 0,
    diskFull: false,
    packages: new Set(facts.image.includes('docker') ? ['docker.io'] : []),
    services: new Set(),
    enabled: new Set(),
    locks: new Map(),
    root,
    userNamed: (name) => users.find((user) => user.name === name),
    spawn: (request) => spawn(machine, request),
    work: (ms, signal) => {
      const scaled = Math.round(ms * facts.workFactor)
      return scaled === 0 ? Promise.resolve() : seams.clock.sleep(scaled, signal)
    },
    halt: () => {
      machine.processes.clear()
      machine.services.clear()
      machine.locks.clear()
    },
    boot: () => {
      machine.bootId = uuid(seams)
      machine.bootedAt = seams.clock.now()
      for (const unit of machine.enabled) machine.services.add(unit)
    },
    install: (program) => machine.disk.writeFileSync(`/usr/bin/${program}`, stub, {}, { mode: 0o755 }),
  }
  machine.boot()
  return machine
}

function spawn(machine: Machine, request: SpawnRequest): Process {
  const command = 'argv' in request.run ? request.run.argv.join(' ') : request.run.name
  const { user, parent, tiedTo } = request
  return machine.processes.start({ command, user, parent, tiedTo }, async (process) => {
    const result = await become(machine, process, request)
    return withTraps(machine, process, request, result)
  })
}

/** Runs a program in the place of `process`: the pid stays. */
export async function become(machine: Machine, process: Process, request: SpawnRequest): Promise<Result> {
  const fs = viewOf(machine, process)
  const shell = 'argv' in request.run ? await shellWords(request.run.argv, request, fs) : null
  if (shell?.kind === 'failed') return shell.result
  const script =
    shell?.kind === 'shell'
      ? shell.script
      : 'argv' in request.run
        ? request.run.argv.map(quote).join(' ')
        : request.run.script
  return runShell(machine, process, fs, {
    script: request.prelude + script,
    env: { ...request.env, ...(shell?.kind === 'shell' ? { '0': shell.name } : {}) },
    cwd: request.cwd,
    stdin: shell?.kind === 'shell' && shell.tookStdin ? '' : request.stdin,
  })
}

async function withTraps(machine: Machine, process: Process, request: SpawnRequest, result: Result): Promise<Result> {
  if (process.killedBy === 'KILL' || process.traps.size === 0) return result
  const handlers = [
    process.killedBy === null ? undefined : process.traps.get(process.killedBy),
    process.traps.get('EXIT'),
  ]
  const text = handlers.filter((handler) => handler !== undefined && handler !== '').join('\n')
  if (text === '') return result
  const variables = [...process.trapVariables].filter(
    ([name]) => /^[A-Za-z_]\w*$/.test(name) && !readonlyNames.has(name),
  )
  const setup = variables.map(([name, value]) => `${name}=${quote(value)}`).join('; ')
  const handler = machine.spawn({
    ...request,
    run: { script: `${setup}\n${text}`, name: 'trap' },
    parent: process,
    tiedTo: null,
  })
  const after = await handler.done
  return {
    stdout: result.stdout + after.stdout,
    stderr: result.stderr + after.stderr,
    exitCode: result.exitCode,
  }
}

const readonlyNames = new Set(['SHELLOPTS', 'BASHOPTS', 'PWD', 'OLDPWD', 'OPTIND', 'IFS', 'PATH', 'HOME'])

function uuid(seams: Seams): string {
  const hex = Buffer.from(seams.random.bytes(16)).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
}
