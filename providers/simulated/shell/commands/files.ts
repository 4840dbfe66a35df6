import type { IFileSystem } from 'just-bash'
import { fail, ok } from '../command.ts'
import type { Commands, Invocation } from '../inside.ts'

// Small tools around files that scripts take for granted.

const lockPoll = 20

export const fileCommands: Commands = {
  // `command -v` by dialect.ts: the functions of the script, then the names asked for.
  __which: async ({ args, fs, cwd, variables }) => {
    const [functions = '', ...names] = args
    const known = new Set([...functions.split(','), ...builtins])
    const folders = (variables.get('PATH') ?? '/usr/bin').split(':')
    let found = ''
    for (const name of names) {
      const paths = name.includes('/') ? [fs.resolvePath(cwd, name)] : folders.map((folder) => `${folder}/${name}`)
      const path = known.has(name) ? name : await firstProgram(fs, paths)
      if (path !== undefined) found += `${path}\n`
    }
    return found === '' ? fail(1, '') : ok(found)
  },
  umask: ({ args, process }) => {
    if (args.length === 0) return ok(`${process.umask.toString(8).padStart(4, '0')}\n`)
    const mask = Number.parseInt(args[0] ?? '', 8)
    if (Number.isNaN(mask)) return fail(1, `bash: umask: ${args[0]}: octal number out of range`)
    process.umask = mask
    return ok()
  },
  ulimit: () => ok('unlimited\n'),
  sync: () => ok(),
  fsync: () => ok(),
  chown: () => ok(),
  chgrp: () => ok(),

  mktemp: async ({ args, fs, cwd, machine }) => {
    const flags = args.filter((arg) => arg.startsWith('-') && arg !== '-p')
    const parent = args.includes('-p') ? (args[args.indexOf('-p') + 1] ?? '/tmp') : null
    const words = args.filter((arg, i) => !arg.startsWith('-') && args[i - 1] !== '-p')
    const template = words[0] ?? 'tmp.XXXXXXXXXX'
    const folder = parent ?? (words[0] === undefined || flags.includes('-t') ? '/tmp' : null)
    const run = /X{3,}(?=[^X]*$)/.exec(template)
    if (!run) return fail(1, `mktemp: too few X's in template '${template}'`)
    const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
    const random = [...run[0]].map(() => letters[Math.floor(machine.seams.random.next() * letters.length)]).join('')
    const name = template.slice(0, run.index) + random + template.slice(run.index + run[0].length)
    const path = fs.resolvePath(cwd, folder === null ? name : `${folder}/${name}`)
    try {
      if (flags.some((flag) => /^-[a-z]*d|--directory/.test(flag))) {
        await fs.mkdir(path)
        await fs.chmod(path, 0o700)
      } else {
        await fs.writeFile(path, '')
        await fs.chmod(path, 0o600)
      }
    } catch (error) {
      return fail(1, `mktemp: failed to create '${path}': ${reason(error)}`)
    }
    return ok(`${path}\n`)
  },

  install: async ({ args, fs, cwd, stdin }) => {
    let mode = 0o755
    let folders = false
    let parents = false
    const words: string[] = []
    for (let i = 0; i < args.length; i++) {
      const arg = args[i] ?? ''
      if (arg === '-m' || arg === '--mode') mode = Number.parseInt(args[++i] ?? '755', 8)
      else if (/^-m\d+$/.test(arg)) mode = Number.parseInt(arg.slice(2), 8)
      else if (arg.startsWith('--mode=')) mode = Number.parseInt(arg.slice(7), 8)
      else if (arg === '-o' || arg === '-g') i++
      else if (/^-[a-zA-Z]+$/.test(arg)) {
        folders ||= arg.includes('d')
        parents ||= arg.includes('D')
      } else words.push(arg)
    }
    try {
      if (folders) {
        for (const folder of words) {
          const path = fs.resolvePath(cwd, folder)
          await fs.mkdir(path, { recursive: true })
          await fs.chmod(path, mode)
        }
        return ok()
      }
      const target = fs.resolvePath(cwd, words.pop() ?? '')
      const isFolder = (await fs.exists(target)) && (await fs.stat(target)).isDirectory
      for (const word of words) {
        const path = isFolder ? `${target}/${word.slice(word.lastIndexOf('/') + 1)}` : target
        if (parents) await fs.mkdir(path.slice(0, path.lastIndexOf('/')) || '/', { recursive: true })
        const content = word === '/dev/stdin' ? stdin : await fs.readFileBuffer(fs.resolvePath(cwd, word))
        await fs.writeFile(path, content)
        await fs.chmod(path, mode)
      }
      return ok()
    } catch (error) {
      return fail(1, `install: ${reason(error)}`)
    }
  },

  flock: async (invocation) => {
    const { args, process, machine, signal, files } = invocation
    const words = [...args]
    let wait = Number.POSITIVE_INFINITY
    let refusal = 1
    let unlock = false
    while (words[0]?.startsWith('-')) {
      const word = words.shift() ?? ''
      if (word === '-n' || word === '--nonblock') wait = 0
      else if (word === '-w' || word === '--timeout') wait = Number(words.shift()) * 1000
      else if (word === '-E') refusal = Number(words.shift())
      else if (word === '-u') unlock = true
    }
    const target = words.shift() ?? ''
    const path = /^\d+$/.test(target) ? files.get(Number(target)) : invocation.fs.resolvePath(invocation.cwd, target)
    if (path === undefined) return fail(65, `flock: ${target}: Bad file descriptor`)
    const locks = machine.locks
    if (unlock) {
      locks.delete(path)
      return ok()
    }
    const started = machine.seams.clock.now()
    for (;;) {
      const holder = locks.get(path)
      if (holder === undefined || holder.ended !== null || holder === process) break
      if (machine.seams.clock.now() - started >= wait) return fail(refusal, '')
      await machine.seams.clock.sleep(lockPoll, signal)
    }
    locks.set(path, process)
    if (words.length === 0) return ok()
    if (!(await invocation.fs.exists(path))) await invocation.fs.writeFile(path, '')
    try {
      return await invocation.run(words[0] === '-c' ? ['sh', ...words] : words)
    } finally {
      locks.delete(path)
    }
  },

  mount: async (invocation) => (invocation.args.length === 0 ? ok(mounts) : ok()),
  umount: () => ok(),
  mountpoint: ({ args }) => {
    const path = args.at(-1) ?? ''
    const isMount = ['/', '/run', '/dev/shm', '/proc', '/sys'].includes(path)
    return isMount ? ok(`${path} is a mountpoint\n`) : fail(32, `${path} is not a mountpoint`)
  },
  findmnt: ({ args }) => ok(/\/run|\/dev\/shm/.test(args.join(' ')) ? 'tmpfs\n' : 'ext4\n'),
  df: ({ machine }: Invocation) => {
    const total = Math.floor(machine.facts.diskBytes / 1024)
    const used = machine.diskFull ? total : Math.floor(total / 10)
    return ok(
      `Filesystem     1K-blocks     Used Available Use% Mounted on\n/dev/vda1      ${total} ${used} ${total - used}  ${Math.round((100 * used) / total)}% /\n`,
    )
  },
}

const mounts =
  '/dev/vda1 on / type ext4 (rw,relatime)\ntmpfs on /run type tmpfs (rw,nosuid,nodev)\ntmpfs on /dev/shm type tmpfs (rw)\n'

const builtins =
  'alias bg break builtin cd command continue declare echo eval exec exit export false fg getopts hash help jobs kill let local printf pwd read readonly return set shift shopt source test times trap true type typeset ulimit umask unalias unset wait : . ['.split(
    ' ',
  )

async function firstProgram(fs: IFileSystem, paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    if (!(await fs.exists(path))) continue
    const { isFile, mode } = await fs.stat(path)
    if (isFile && (mode & 0o111) !== 0) return path
  }
  return undefined
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
