import { fail, ok, quote } from '../command.ts'
import {
  type Commands,
  type Invocation,
  type Output,
  type Process,
  type Result,
  type SignalName,
  signalNumbers,
} from '../inside.ts'
import { untilAborted } from '../until-aborted.ts'

// What the interpreter has no idea of: processes that live on their own, and ways to end them.

export const processCommands: Commands = {
  bash: (invocation) => invocation.run(['bash', ...invocation.args]),
  sh: (invocation) => invocation.run(['sh', ...invocation.args]),
  dash: (invocation) => invocation.run(['dash', ...invocation.args]),

  // `job &` by dialect.ts, which keeps the job under a number; then its redirections, three words each.
  __spawn: async (invocation) => {
    const job = invocation.machine.spawn({
      ...invocation.child([]),
      run: { kind: 'job', statements: invocation.job(Number(invocation.args[0])) },
      stdin: '',
      prelude: variablesText(invocation),
      output: outputOf(invocation),
      tiedTo: null,
    })
    invocation.process.jobs.push(job)
    await invocation.assign('__job', String(job.pid))
    return ok()
  },

  __wait: async ({ args, process, signal }) => {
    const wanted = args.filter((arg) => /^\d+$/.test(arg)).map(Number)
    const jobs = process.jobs.filter((job) => wanted.length === 0 || wanted.includes(job.pid))
    if (wanted.length > 0 && jobs.length === 0)
      return fail(127, `bash: wait: pid ${wanted[0]} is not a child of this shell`)
    let [stdout, stderr, exitCode] = ['', '', 0]
    for (const job of jobs) {
      const result = await untilAborted(job.done, signal)
      stdout += result.stdout
      stderr += result.stderr
      if (wanted.length > 0) exitCode = result.exitCode
      process.jobs.splice(process.jobs.indexOf(job), 1)
    }
    return { stdout, stderr, exitCode }
  },

  // `exec program`: the same process goes on as the program.
  __become: (invocation) => inPlace(invocation, invocation.args),
  setsid: (invocation) => {
    const fork = invocation.args.some((arg) => arg === '-f' || arg === '--fork')
    const argv = withoutOptions(invocation.args)
    if (fork) {
      detach(invocation, argv)
      return ok()
    }
    invocation.process.group = invocation.process.pid
    return inPlace(invocation, argv)
  },
  nohup: (invocation) => {
    invocation.process.traps.set('HUP', '')
    return inPlace(invocation, invocation.args)
  },
  disown: () => ok(),
  jobs: ({ process }) => ok(process.jobs.map((job, i) => `[${i + 1}]   Running   ${job.command} &\n`).join('')),

  trap: ({ args, process, variables }) => {
    if (args[0] === '-p' || args.length === 0) return ok()
    const [text = '', ...names] = args[0] === '--' ? args.slice(1) : args
    for (const name of names.map((given) => signalName(given) ?? given.toUpperCase()))
      if (text === '-') process.traps.delete(name)
      else process.traps.set(name, text)
    process.trapVariables = new Map(variables)
    return ok()
  },

  kill: ({ args, machine }) => {
    let signal: SignalName | '0' = 'TERM'
    const targets: string[] = []
    for (let i = 0; i < args.length; i++) {
      const arg = args[i] ?? ''
      const named = arg === '-s' ? args[++i] : /^-([A-Z0-9]+)$/i.exec(arg)?.[1]
      if (arg === '--') continue
      if (named !== undefined && targets.length === 0 && (i === 0 || arg === '-s' || args[i - 1] !== '--')) {
        const known = named === '0' ? '0' : signalName(named)
        if (known === undefined) return fail(1, `bash: kill: ${named}: invalid signal specification`)
        signal = known
      } else targets.push(arg)
    }
    let failed = ''
    for (const target of targets) {
      const number = Number(target)
      const found =
        number < 0
          ? machine.processes.list().filter((process) => process.group === -number)
          : [machine.processes.find(number)].filter((process) => process !== undefined)
      if (found.length === 0 && number !== 1) failed += `bash: kill: (${target}) - No such process\n`
      if (signal !== '0') for (const process of found) process.kill(signal)
    }
    return failed === '' ? ok() : fail(1, failed)
  },

  ps: ({ machine, args }) => {
    const wanted = args.includes('-p') ? args[args.indexOf('-p') + 1]?.split(',').map(Number) : undefined
    const shown = machine.processes.list().filter((process) => wanted === undefined || wanted.includes(process.pid))
    const format = args.includes('-o') ? (args[args.indexOf('-o') + 1] ?? '') : ''
    if (format !== '') {
      const columns = format.split(',').map((column) => column.replace(/=$/, ''))
      const header = format.includes('=') ? '' : `${columns.map((column) => column.toUpperCase()).join(' ')}\n`
      const lines = shown.map((process) => `${columns.map((column) => psColumn(process, column)).join(' ')}\n`)
      return shown.length === 0 ? fail(1, '', header) : ok(header + lines.join(''))
    }
    const line = (process: Process): string =>
      `${String(process.pid).padStart(7)} ?        00:00:00 ${process.command}\n`
    return ok(`    PID TTY          TIME CMD\n      1 ?        00:00:00 systemd\n${shown.map(line).join('')}`)
  },
  pgrep: ({ machine, args }) => {
    const pattern = new RegExp(args.at(-1) ?? '')
    const whole = args.includes('-f')
    const found = machine.processes
      .list()
      .filter((process) => pattern.test(whole ? process.command : (process.command.split(' ')[0] ?? '')))
    return found.length === 0 ? fail(1, '') : ok(found.map((process) => `${process.pid}\n`).join(''))
  },

  sleep: async ({ args, machine, signal }) => {
    const ms = args.reduce((sum, arg) => sum + milliseconds(arg), 0)
    if (Number.isNaN(ms)) return fail(1, `sleep: invalid time interval '${args.join(' ')}'`)
    await machine.seams.clock.sleep(ms, signal)
    return ok()
  },

  timeout: async (invocation) => {
    const { machine, process, signal } = invocation
    const words = [...invocation.args]
    let foreground = false
    let grace = Number.NaN
    let first: SignalName = 'TERM'
    while (words[0]?.startsWith('-')) {
      const word = words.shift() ?? ''
      const value = word.includes('=') ? word.slice(word.indexOf('=') + 1) : undefined
      if (/^(-k|--kill-after)/.test(word)) grace = milliseconds(value ?? words.shift() ?? '')
      else if (word === '--foreground') foreground = true
      else if (/^(-s|--signal)/.test(word)) first = signalName(value ?? words.shift() ?? '') ?? 'TERM'
    }
    const limit = milliseconds(words.shift() ?? '')
    if (Number.isNaN(limit) || words.length === 0) return fail(125, 'timeout: missing operand')
    const child = machine.spawn(invocation.child(words))
    // A group of its own, so that it can be ended with all its children.
    if (!foreground) child.group = process.group === process.pid ? child.group : process.pid
    const stop = new AbortController()
    const ended = child.done.finally(() => stop.abort(new Error('ended')))
    if (limit > 0) {
      const clock = machine.seams.clock
      const watch = async (): Promise<void> => {
        await clock.sleep(limit, stop.signal)
        child.kill(first)
        await clock.sleep(Number.isNaN(grace) ? 0 : grace, stop.signal)
        if (!Number.isNaN(grace)) child.kill('KILL')
      }
      // The watch ends by abort when the child is quicker.
      await Promise.allSettled([ended, watch()])
    }
    const result = await ended
    if (child.killedBy === null || signal.aborted) return result
    return { ...result, exitCode: child.killedBy === 'KILL' && first !== 'KILL' ? 137 : 124 }
  },
}

/** Where a job's output goes: its own redirections over what it inherits. */
function outputOf({ args, files, fs, cwd, output }: Invocation): Output {
  const target = new Map([
    [1, files.get(1) ?? output.out],
    [2, files.get(2) ?? output.err],
  ])
  const fresh: string[] = []
  for (let i = 1; i < args.length; i += 3) {
    const [fd = '', operator = '', word = ''] = args.slice(i, i + 3)
    const numbers = fd === '&' ? [1, 2] : [Number(fd)]
    const path = operator === '>&' ? (target.get(Number(word)) ?? null) : fs.resolvePath(cwd, word)
    for (const number of numbers) target.set(number, path)
    if (operator !== '>&' && !operator.includes('>>') && path !== null) fresh.push(path)
  }
  return { out: target.get(1) ?? null, err: target.get(2) ?? null, fresh }
}

/** Runs `argv` in the caller's own process, keeping its pid. */
function inPlace(invocation: Invocation, argv: readonly string[]): Promise<Result> | Result {
  if (argv.length === 0) return fail(125, 'missing operand')
  return invocation.machine.become(invocation.process, invocation.child(argv, { tiedTo: null }))
}

function detach(invocation: Invocation, argv: readonly string[]): void {
  const child = invocation.machine.spawn(invocation.child(argv, { stdin: '', tiedTo: null }))
  child.group = child.pid
}

/** Variables of the shell that its children do not inherit, as text for a subshell, which does. */
function variablesText({ variables, exported }: Invocation): string {
  const own = [...variables].filter(
    ([name]) =>
      /^[A-Za-z_]\w*$/.test(name) && !(name in exported) && !/^(SHELLOPTS|BASHOPTS|OPTIND|IFS|__job)$/.test(name),
  )
  const count = Number(variables.get('#') ?? 0)
  const parameters = Array.from({ length: count }, (_, i) => quote(variables.get(String(i + 1)) ?? ''))
  return `${count > 0 ? `set -- ${parameters.join(' ')}; ` : ''}${own.map(([name, value]) => `${name}=${quote(value)}; `).join('')}`
}

function withoutOptions(args: readonly string[]): readonly string[] {
  const first = args.findIndex((arg) => !arg.startsWith('-'))
  return first < 0 ? [] : args.slice(first)
}

function signalName(text: string): SignalName | undefined {
  const name = text.toUpperCase().replace(/^SIG/, '')
  for (const [known, number] of Object.entries(signalNumbers))
    if (known === name || String(number) === name) return isSignal(known) ? known : undefined
  return undefined
}

function isSignal(name: string): name is SignalName {
  return name in signalNumbers
}

function psColumn(process: Process, column: string): string {
  switch (column) {
    case 'pid':
      return String(process.pid)
    case 'ppid':
      return String(process.parentPid)
    case 'pgid':
    case 'sid':
      return String(process.group)
    case 'user':
      return process.user.name
    case 'stat':
      return 'S'
    default:
      return process.command
  }
}

/** A duration as sleep(1) takes it, in milliseconds; NaN when it is none. */
export function milliseconds(text: string): number {
  const match = /^(\d+(?:\.\d+)?|\.\d+)([smhd]?)$/.exec(text)
  if (!match) return Number.NaN
  const unit = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 }[match[2] ?? ''] ?? 1
  return Math.round(Number(match[1]) * unit * 1000)
}
