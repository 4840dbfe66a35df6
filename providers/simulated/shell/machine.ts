import type { InMemoryFs } from 'just-bash'
import type { Seams } from '../../../src/kernel/seams.ts'
import { runShell } from './bash.ts'
import { quote } from './command.ts'
import type { MachineState } from './copy.ts'
import { jobBody, textOf } from './dialect.ts'
import { createDisk, diskFrom, programsOf, writeProgram } from './disk.ts'
import type { Commands, Machine, MachineFacts, Process, Result, SpawnRequest, Surroundings, User } from './inside.ts'
import { processTable } from './process.ts'
import { shellWords } from './shell-words.ts'
import { viewOf } from './view.ts'

// The disk is made when something first runs, so a machine nobody has entered costs next to nothing.

const programsByTable = new WeakMap<Commands, ReadonlySet<string>>()

const root: User = { name: 'root', uid: 0, gid: 0, home: '/root' }

/** A machine that has just booted; or one that goes on as another one was. */
export function createMachine(
  facts: MachineFacts,
  seams: Seams,
  commands: Commands,
  around: Surroundings,
  from?: MachineState,
): Machine {
  let disk: InMemoryFs | null = from ? diskFrom(from.disk) : null
  const users = [root, { name: facts.loginUser, uid: 1000, gid: 1000, home: `/home/${facts.loginUser}` }]

  const machine: Machine = {
    commands,
    programs: programsOfTable(commands),
    around,
    facts,
    seams,
    processes: processTable(seams, from?.lastPid),
    get disk() {
      disk ??= createDisk(machine)
      return disk
    },
    hostname: facts.hostname,
    bootId: '',
    bootedAt: 0,
    diskFull: false,
    packages: new Set(facts.image.includes('docker') ? ['docker.io'] : []),
    services: new Set(),
    enabled: new Set(),
    locks: new Map(),
    root,
    userNamed: (name) => users.find((user) => user.name === name),
    pipes: new Map(),
    spawn: (request) => spawn(machine, request),
    environment: () => environmentOf(machine),
    become: (process, request) => become(machine, process, request),
    work: (ms, signal) => {
      const scaled = Math.round(ms * facts.workFactor)
      return scaled === 0 ? Promise.resolve() : seams.clock.sleep(scaled, signal)
    },
    halt: () => {
      machine.processes.clear()
      machine.services.clear()
      machine.locks.clear()
      machine.pipes.clear()
    },
    boot: () => {
      machine.bootId = uuid(seams)
      machine.bootedAt = seams.clock.now()
      for (const unit of machine.enabled) machine.services.add(unit)
      if (disk !== null) renamed(machine)
    },
    install: (program) => writeProgram(machine.disk, program),
  }
  if (from) Object.assign(machine, structuredClone(from.kept))
  else machine.boot()
  return machine
}

function spawn(machine: Machine, request: SpawnRequest): Process {
  const { run, user, parent, tiedTo } = request
  return machine.processes.start({ command: nameOf(run), user, parent, tiedTo }, async (process) => {
    const result = await become(machine, process, request)
    return withTraps(machine, process, request, result)
  })
}

async function become(machine: Machine, process: Process, request: SpawnRequest): Promise<Result> {
  const fs = viewOf(machine, process)
  const { env, cwd, stdin, prelude, run, output } = request
  const plain = { env, cwd, stdin, body: [], output }
  for (const path of new Set([output.out, output.err].filter((target) => target !== null)))
    await (output.fresh.includes(path) ? fs.writeFile(path, '') : fs.appendFile(path, ''))
  switch (run.kind) {
    case 'script':
      return runShell(machine, process, fs, { ...plain, script: prelude + run.script })
    case 'job':
      return runShell(machine, process, fs, { ...plain, script: prelude + jobBody, body: run.statements })
    case 'program': {
      process.command = run.argv.join(' ')
      const shell = await shellWords(run.argv, request, fs)
      if (shell === null)
        return runShell(machine, process, fs, { ...plain, script: prelude + run.argv.map(quote).join(' ') })
      if (shell.kind === 'failed') return shell.result
      return runShell(machine, process, fs, {
        ...plain,
        script: prelude + shell.script,
        env: { ...env, '0': shell.name },
        stdin: shell.tookStdin ? '' : stdin,
      })
    }
  }
}

/** A boot takes the name from the disk. */
function renamed(machine: Machine): void {
  machine.disk.readFile('/etc/hostname').then(
    (text) => {
      machine.hostname = text.trim()
    },
    () => {},
  )
}

/** /etc/environment, which pam_env reads for every login and every sudo. */
async function environmentOf(machine: Machine): Promise<Record<string, string>> {
  const text = await machine.disk.readFile('/etc/environment').catch(() => '')
  const lines = text.split('\n').map((line) => /^([A-Za-z_]\w*)="?(.*?)"?$/.exec(line.trim()))
  return Object.fromEntries(lines.flatMap((match) => (match?.[1] === undefined ? [] : [[match[1], match[2] ?? '']])))
}

function nameOf(run: SpawnRequest['run']): string {
  switch (run.kind) {
    case 'program':
      return run.argv.join(' ')
    case 'script':
      return run.script
    case 'job':
      return textOf(run.statements.slice(-1))
  }
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
    run: { kind: 'script', script: `${setup}\n${text}` },
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

/** One set for all machines with the same commands. */
function programsOfTable(commands: Commands): ReadonlySet<string> {
  const known = programsByTable.get(commands) ?? programsOf(Object.keys(commands))
  programsByTable.set(commands, known)
  return known
}
