import { type FsStat, type IFileSystem, unsafeBytesFromLatin1 } from 'just-bash'
import type { Machine, Process } from './inside.ts'
import { pipeMark } from './pipe.ts'
import { procFiles } from './proc-files.ts'

// The file system as one process sees it: the machine's disk, its own umask, /bin as /usr/bin, and /proc made
// up when it is read. It has no writeFileSync on purpose: the interpreter would add a stub for every command.

/** Programs of the interpreter and ours have no file of their own: it would be the same in every machine. */
const program = { isFile: true, isDirectory: false, isSymbolicLink: false, mode: 0o755, size: 18 }
const programText = '#!/bin/simulated\n'

/** What the disk gives a new file by itself. */
const usualMode = 0o644
const usualMask = 0o022

export function viewOf(machine: Machine, process: Process): IFileSystem {
  const disk = machine.disk
  const proc = procFiles(machine, process)

  const real = (path: string): string => {
    if (/^\/bin(?=\/|$)/.test(path)) return `/usr${path}`
    if (/^\/var\/run(?=\/|$)/.test(path)) return `/run${path.slice('/var/run'.length)}`
    if (/^\/dev\/shm(?=\/|$)/.test(path)) return `/run/shm${path.slice('/dev/shm'.length)}`
    return path
  }
  const writable = (path: string): string => {
    if (machine.diskFull && !path.startsWith('/dev/'))
      throw new Error(`ENOSPC: no space left on device, write '${path}'`)
    return real(path)
  }
  // A new entry takes the process's umask; rewriting a file on the disk would forget the mode it had.
  const created = async (path: string, mode: number, write: () => Promise<void>): Promise<void> => {
    const isNew = !(await disk.exists(path))
    await write()
    if (isNew && process.umask !== usualMask) await disk.chmod(path, mode & ~process.umask)
  }
  const rewritten = async (path: string, write: () => Promise<void>): Promise<void> => {
    const before = (await disk.exists(path)) ? (await disk.stat(path)).mode & 0o777 : 0o666 & ~process.umask
    await write()
    if (before !== usualMode) await disk.chmod(path, before)
  }

  const isProgram = (path: string): boolean =>
    path.startsWith('/usr/bin/') && machine.programs.has(path.slice('/usr/bin/'.length))
  const statProgram = (path: string): FsStat | undefined =>
    isProgram(real(path)) ? { ...program, mtime: new Date(machine.bootedAt) } : undefined
  const madeUp = (path: string): string | undefined =>
    (isProgram(real(path)) ? programText : undefined) ??
    proc.read(path) ??
    (machine.pipes.has(real(path)) ? pipeMark(real(path)) : undefined)
  const piped = (path: string, content: string | Uint8Array, options: unknown): boolean => {
    const pipe = machine.pipes.get(path)
    if (pipe === undefined) return false
    pipe.open(process)
    const encoding = options === 'binary' || options === 'latin1' ? 'latin1' : 'utf8'
    pipe.write(typeof content === 'string' ? Buffer.from(content, encoding) : content)
    return true
  }

  return {
    readFile: async (path, options) => madeUp(path) ?? disk.readFile(real(path), options),
    readFileBuffer: async (path) => {
      const text = madeUp(path)
      return text === undefined ? disk.readFileBuffer(real(path)) : new TextEncoder().encode(text)
    },
    // Without it the interpreter puts the bytes together one by one.
    readFileBytes: async (path) => {
      const text = madeUp(path)
      const bytes = text === undefined ? await disk.readFileBuffer(real(path)) : Buffer.from(text)
      return unsafeBytesFromLatin1(Buffer.from(bytes).toString('latin1'))
    },
    writeFile: async (path, content, options) => {
      const target = writable(path)
      if (target === '/dev/null' || piped(target, content, options)) return
      await rewritten(target, () => disk.writeFile(target, content, options))
    },
    appendFile: async (path, content, options) => {
      const target = writable(path)
      if (target === '/dev/null' || piped(target, content, options)) return
      await created(target, 0o666, () => disk.appendFile(target, content, options))
    },
    exists: async (path) => isProgram(real(path)) || proc.has(path) || disk.exists(real(path)),
    stat: async (path) => statProgram(path) ?? proc.stat(path) ?? disk.stat(real(path)),
    lstat: async (path) => statProgram(path) ?? proc.stat(path) ?? disk.lstat(real(path)),
    mkdir: async (path, options) => {
      const target = writable(path)
      await created(target, 0o777, () => disk.mkdir(target, options))
    },
    readdir: async (path) => {
      const entries = proc.entries(path) ?? (await disk.readdir(real(path)))
      return real(path) === '/usr/bin' ? [...machine.programs, ...entries].sort() : entries
    },
    rm: async (path, options) => {
      machine.pipes.delete(real(path))
      await disk.rm(real(path), options)
    },
    cp: async (from, to, options) => disk.cp(real(from), writable(to), options),
    mv: (from, to) => disk.mv(real(from), real(to)),
    resolvePath: (base, path) => disk.resolvePath(base, path),
    getAllPaths: () => disk.getAllPaths(),
    chmod: (path, mode) => disk.chmod(real(path), mode),
    symlink: async (target, path) => disk.symlink(target, writable(path)),
    link: async (existing, path) => disk.link(real(existing), writable(path)),
    readlink: (path) => disk.readlink(real(path)),
    realpath: async (path) => (proc.has(path) || isProgram(real(path)) ? path : disk.realpath(real(path))),
    utimes: (path, accessed, modified) => disk.utimes(real(path), accessed, modified),
  }
}
