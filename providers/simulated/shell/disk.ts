import { type FsEntry, getCommandNames, InMemoryFs } from 'just-bash'
import type { Machine } from './inside.ts'

// A fresh disk of a Debian 12 machine, as far as scripts look at it. A program is found by its file in
// /usr/bin, so what is not installed is "command not found" as it should be.

/**
 * Programs whose file appears only with their package. The interpreter calls every command it knows present, so
 * these are files that call ours.
 */
export const packaged: Readonly<Record<string, readonly string[]>> = {
  'docker.io': ['docker', 'dockerd'],
  curl: ['curl'],
}

const folders = [
  '/dev',
  '/etc/apt/sources.list.d',
  '/etc/default',
  '/etc/docker',
  '/etc/systemd/system',
  '/mnt',
  '/opt',
  '/proc',
  '/root/.ssh',
  '/run/lock',
  '/run/systemd/system',
  '/srv',
  '/sys/fs/cgroup',
  '/tmp',
  '/usr/bin',
  '/usr/local/bin',
  '/usr/share',
  '/var/cache',
  '/var/lib/apt/lists',
  '/var/log',
  '/var/tmp',
]

/** Programs that are there from the start. */
export function programsOf(commands: readonly string[]): ReadonlySet<string> {
  const later = new Set(Object.values(packaged).flat())
  return new Set([...getCommandNames(), ...commands].filter((name) => !later.has(name)))
}

const emptyDisk = (): InMemoryFs => new InMemoryFs({}, { maxTotalBytes: 256 * 2 ** 20 })

/** Every entry by its path. The contents are shared between copies: whoever writes puts another in their place. */
export type DiskState = readonly (readonly [path: string, entry: FsEntry])[]

export function diskState(disk: InMemoryFs): DiskState {
  return [...insideOf(disk).data].map(([path, entry]) => [path, { ...entry }])
}

export function diskFrom(state: DiskState): InMemoryFs {
  const disk = emptyDisk()
  const { setEntry } = insideOf(disk)
  for (const [path, entry] of state) setEntry.call(disk, path, { ...entry })
  return disk
}

/** What the interpreter calls its own: through its doors a copy would be asynchronous and lose modes of folders. */
interface DiskInside {
  readonly data: ReadonlyMap<string, FsEntry>
  setEntry(path: string, entry: FsEntry): void
}

function insideOf(disk: object): DiskInside {
  const inside = { data: Reflect.get(disk, 'data'), setEntry: Reflect.get(disk, 'setEntry') }
  if (!(inside.data instanceof Map) || typeof inside.setEntry !== 'function')
    throw new Error('the file system of the interpreter is made in another way than it was: see diskFrom')
  return inside
}

export function createDisk(machine: Machine): InMemoryFs {
  const { facts } = machine
  const disk = emptyDisk()
  for (const folder of folders) disk.mkdirSync(folder, { recursive: true })
  disk.mkdirSync(`/home/${facts.loginUser}/.ssh`, { recursive: true })
  for (const [name, programs] of Object.entries(packaged))
    if (machine.packages.has(name)) for (const program of programs) writeProgram(disk, program)
  for (const name of ['null', 'zero', 'stdin', 'stdout', 'stderr']) disk.writeFileSync(`/dev/${name}`, '')
  const files: Record<string, string> = {
    '/etc/hostname': `${facts.hostname}\n`,
    '/etc/hosts': `127.0.0.1 localhost\n${facts.addresses.map((address) => `${address} ${facts.hostname}\n`).join('')}`,
    '/etc/os-release': osRelease,
    '/etc/debian_version': '12.12\n',
    '/etc/apt/sources.list': 'deb http://mirror.simulated/debian bookworm main\n',
    '/etc/passwd': `root:x:0:0:root:/root:/bin/bash\n${facts.loginUser}:x:1000:1000::/home/${facts.loginUser}:/bin/bash\n`,
    '/etc/group': `root:x:0:\nsudo:x:27:${facts.loginUser}\ndocker:x:998:\n${facts.loginUser}:x:1000:\n`,
    '/etc/machine-id': `${machine.bootId.replaceAll('-', '')}\n`,
    '/etc/resolv.conf': 'nameserver 10.77.0.1\n',
  }
  for (const [path, text] of Object.entries(files)) disk.writeFileSync(path, text)
  return disk
}

export function writeProgram(disk: InMemoryFs, program: string): void {
  disk.writeFileSync(`/usr/bin/${program}`, `#!/bin/sh\n__program ${program} "$@"\n`, {}, { mode: 0o755 })
}

const osRelease = `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
`
