import { fail, ok } from '../command.ts'
import type { Command, Commands, Invocation, Machine, Result } from '../inside.ts'

// systemd as scripts see it, and the daemons that run without it.

/** Units by the package that brings them; null: always there. */
const units: Readonly<Record<string, string | null>> = {
  docker: 'docker.io',
  containerd: 'docker.io',
  ssh: null,
  sshd: null,
  cron: null,
}
/** dockerd until its socket answers, on a real machine. */
const dockerdMs = 2_200

export const serviceCommands: Commands = {
  systemctl: async (invocation) => {
    const flags = invocation.args.filter((arg) => arg.startsWith('-'))
    const [verb, ...names] = invocation.args.filter((arg) => !arg.startsWith('-'))
    return systemctl(invocation, verb ?? '', names.map(unitName), flags)
  },
  service: (invocation) => {
    const [name = '', verb = ''] = invocation.args
    return systemctl(invocation, verb, [unitName(name)], [])
  },
  journalctl: () => ok('-- No entries --\n'),
  logger: () => ok(),
  reboot: ({ machine }) => {
    machine.around.reboot()
    return ok()
  },
  shutdown: ({ machine, args }) => {
    if (args.includes('-r')) machine.around.reboot()
    return args.includes('-r') ? ok() : fail(125, 'simulated: shutdown without -r is not simulated')
  },
  modprobe: () => ok(),
  sysctl: () => ok(),
  swapoff: () => ok(),
}

/** The Docker daemon where no systemd starts it; runs until it is killed. */
export const dockerd: Command = async ({ machine, signal }) => {
  if (machine.services.has('docker'))
    return fail(1, 'failed to start daemon: pid file found, ensure docker is not running')
  try {
    await machine.work(dockerdMs, signal)
    machine.services.add('docker')
    for (;;) await machine.seams.clock.sleep(3_600_000, signal)
  } finally {
    machine.services.delete('docker')
  }
}

async function systemctl(
  { machine, signal }: Invocation,
  verb: string,
  names: readonly string[],
  flags: readonly string[],
): Promise<Result> {
  const unknown = names.find((name) => !exists(machine, name))
  const quiet = flags.includes('-q') || flags.includes('--quiet')
  switch (verb) {
    case 'daemon-reload':
    case 'reset-failed':
      return ok()
    case 'is-system-running':
      return ok('running\n')
    case 'is-active': {
      const states = names.map((name) => (isRunning(machine, name) ? 'active' : 'inactive'))
      const output = quiet ? '' : states.map((state) => `${state}\n`).join('')
      return states.includes('active') ? ok(output) : fail(3, '', output)
    }
    case 'is-enabled': {
      const enabled = names.every((name) => machine.enabled.has(name))
      return enabled ? ok('enabled\n') : fail(1, '', 'disabled\n')
    }
    case 'start':
    case 'restart':
    case 'reload-or-restart':
      if (unknown !== undefined)
        return fail(5, `Failed to ${verb} ${unknown}.service: Unit ${unknown}.service not found.`)
      for (const name of names) {
        if (verb !== 'start') machine.services.delete(name)
        await startUnit(machine, name, signal)
      }
      return ok()
    case 'stop':
      if (unknown !== undefined)
        return fail(5, `Failed to stop ${unknown}.service: Unit ${unknown}.service not loaded.`)
      for (const name of names) machine.services.delete(name)
      return ok()
    case 'enable':
    case 'disable':
      if (unknown !== undefined) return fail(1, `Failed to ${verb} unit: Unit file ${unknown}.service does not exist.`)
      for (const name of names) {
        if (verb === 'disable') machine.enabled.delete(name)
        else machine.enabled.add(name)
        if (flags.includes('--now') && verb === 'disable') machine.services.delete(name)
        else if (flags.includes('--now')) await startUnit(machine, name, signal)
      }
      return ok()
    case 'mask':
    case 'unmask':
      return ok()
    case 'status':
      if (unknown !== undefined) return fail(4, `Unit ${unknown}.service could not be found.`)
      return names.every((name) => isRunning(machine, name))
        ? ok('Active: active (running)\n')
        : fail(3, '', 'Active: inactive (dead)\n')
    case 'list-unit-files':
      return ok(
        names
          .filter((name) => exists(machine, name))
          .map((name) => `${name}.service enabled enabled\n`)
          .join(''),
      )
    case 'cat':
    case 'show':
      return unknown === undefined ? ok('') : fail(1, `No files found for ${unknown}.service.`)
    default:
      return fail(1, `simulated: systemctl ${verb} is not simulated`)
  }
}

/** Starts a unit and waits until it is up, as Type=notify does. */
export async function startUnit(machine: Machine, name: string, signal: AbortSignal): Promise<void> {
  if (isRunning(machine, name)) return
  if (name === 'docker') await machine.work(dockerdMs, signal)
  machine.services.add(name)
}

function isRunning(machine: Machine, name: string): boolean {
  return name === 'ssh' || name === 'sshd' || machine.services.has(name)
}

function exists(machine: Machine, name: string): boolean {
  const needed = units[name]
  return needed === null || (needed !== undefined && machine.packages.has(needed))
}

function unitName(word: string): string {
  return word.replace(/\.(service|socket)$/, '')
}
