import type { FsStat } from 'just-bash'
import type { Machine, Process } from './inside.ts'

// /proc, as far as scripts and the remote runner read it. Start times are in clock ticks since boot, 100 a
// second, as proc(5) says.

export interface ProcFiles {
  read(path: string): string | undefined
  has(path: string): boolean
  stat(path: string): FsStat | undefined
  entries(path: string): string[] | undefined
}

export function procFiles(machine: Machine, self: Process): ProcFiles {
  const uptime = (): number => (machine.seams.clock.now() - machine.bootedAt) / 1000

  const fixed: Readonly<Record<string, () => string>> = {
    '/proc/sys/kernel/random/boot_id': () => `${machine.bootId}\n`,
    '/proc/sys/kernel/hostname': () => `${machine.hostname}\n`,
    '/proc/uptime': () => `${uptime().toFixed(2)} ${uptime().toFixed(2)}\n`,
    '/proc/loadavg': () => '0.00 0.01 0.05 1/100 1\n',
    '/proc/meminfo': () =>
      `MemTotal: ${Math.floor(machine.facts.memoryBytes / 1024)} kB\nMemAvailable: ${Math.floor(machine.facts.memoryBytes / 2048)} kB\n`,
    '/proc/cpuinfo': () => Array.from({ length: machine.facts.cpu }, (_, i) => `processor\t: ${i}\n`).join(''),
    '/proc/mounts': () => '/dev/vda1 / ext4 rw 0 0\ntmpfs /run tmpfs rw 0 0\ntmpfs /dev/shm tmpfs rw 0 0\n',
    '/proc/version': () => 'Linux version 6.1.0-simulated (gantry) #1 SMP\n',
    '/proc/1/comm': () => 'systemd\n',
    '/proc/1/cmdline': () => '/sbin/init\0',
    '/proc/1/stat': () => statLine(1, 'systemd', 0, 1, 1, 0),
  }

  const processFile = (path: string): string | undefined => {
    const match = /^\/proc\/(self|\d+)\/(stat|cmdline|comm|status)$/.exec(path)
    if (!match) return undefined
    const process = match[1] === 'self' ? self : machine.processes.find(Number(match[1]))
    if (process === undefined) return undefined
    const program = process.command.split(' ')[0] ?? ''
    const comm = program.slice(program.lastIndexOf('/') + 1).slice(0, 15)
    switch (match[2]) {
      case 'stat':
        return statLine(
          process.pid,
          comm,
          process.parentPid,
          process.group,
          process.group,
          Math.floor((process.startedAt - machine.bootedAt) / 10),
        )
      case 'cmdline':
        return `${process.command.replaceAll(' ', '\0')}\0`
      case 'comm':
        return `${comm}\n`
      default:
        return `Name:\t${comm}\nState:\tS (sleeping)\nPid:\t${process.pid}\nPPid:\t${process.parentPid}\nUid:\t${process.user.uid}\n`
    }
  }

  const isFolder = (path: string): boolean => {
    const match = /^\/proc\/(self|\d+)\/?$/.exec(path)
    return (
      match !== null &&
      (match[1] === 'self' || match[1] === '1' || machine.processes.find(Number(match[1])) !== undefined)
    )
  }
  const read = (path: string): string | undefined =>
    path.startsWith('/proc/') ? (fixed[path]?.() ?? processFile(path)) : undefined

  return {
    read,
    has: (path) => path.startsWith('/proc/') && (isFolder(path) || read(path) !== undefined),
    stat: (path) => {
      if (!path.startsWith('/proc/')) return undefined
      const isDirectory = isFolder(path)
      const text = read(path)
      if (!isDirectory && text === undefined) return undefined
      const mtime = new Date(machine.seams.clock.now())
      return {
        isFile: !isDirectory,
        isDirectory,
        isSymbolicLink: false,
        mode: isDirectory ? 0o555 : 0o444,
        size: 0,
        mtime,
      }
    },
    entries: (path) => {
      if (path === '/proc' || path === '/proc/')
        return ['1', ...machine.processes.list().map((process) => String(process.pid)), 'self', 'uptime', 'version']
      return isFolder(path) ? ['cmdline', 'comm', 'stat', 'status'] : undefined
    },
  }
}

/** proc(5): 52 fields, of which the 22nd is the start time. */
function statLine(pid: number, comm: string, parent: number, group: number, session: number, start: number): string {
  const before = `${pid} (${comm}) S ${parent} ${group} ${session} 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 ${start}`
  return `${before}${' 0'.repeat(30)}\n`
}
