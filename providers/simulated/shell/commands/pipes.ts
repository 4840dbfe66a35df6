import { fail, ok } from '../command.ts'
import type { Command, Commands, Invocation, Pipe } from '../inside.ts'
import { openPipe, pipeBehind } from '../pipe.ts'

// Named pipes. The interpreter hands a command its whole input at once, so what stands at the end of a pipe gets
// a mark in place of its input, and the few programs that read pipes read on behind the mark.

export const pipeCommands: Commands = {
  // `eval` parses on its own: its text goes through the dialect first.
  __dialect: async ({ args, rewriteText, assign }) => {
    await assign('__text', rewriteText(args.join(' ')))
    return ok()
  },

  mkfifo: async ({ args, fs, cwd, machine }) => {
    const paths = args
      .filter((arg, i) => !arg.startsWith('-') && args[i - 1] !== '-m')
      .map((arg) => fs.resolvePath(cwd, arg))
    for (const path of paths) {
      if (await fs.exists(path)) return fail(1, `mkfifo: cannot create fifo '${path}': File exists`)
      await fs.writeFile(path, '')
      machine.pipes.set(path, openPipe())
    }
    return ok()
  },

  stdbuf: (invocation) => {
    const first = invocation.args.findIndex((arg) => !arg.startsWith('-'))
    return first < 0 ? fail(125, 'stdbuf: missing operand') : invocation.run(invocation.args.slice(first))
  },

  cat: reading((invocation, pipe) => copy(invocation, pipe, Number.POSITIVE_INFINITY)),
  // The interpreter's takes seconds for what fills a log: one character for another is done at once.
  tr: (invocation) => {
    const [from, to] = invocation.args.map(oneCharacter)
    if (invocation.args.length !== 2 || from === undefined || to === undefined) return invocation.original()
    return ok(exchanged(invocation.stdin, from, to))
  },

  // The interpreter takes `-c +N` for the last N bytes.
  tail: async (invocation) => {
    const at = invocation.args.indexOf('-c')
    const from = /^\+(\d+)$/.exec(invocation.args[at + 1] ?? '')?.[1]
    const path = invocation.args[at + 2]
    if (at < 0 || from === undefined || path === undefined) return invocation.original()
    const bytes = await invocation.fs.readFileBuffer(invocation.fs.resolvePath(invocation.cwd, path))
    return { ...ok(Buffer.from(bytes.subarray(Math.max(0, Number(from) - 1))).toString('latin1')), binary: true }
  },
  head: (invocation) => {
    const at = invocation.args.indexOf('-c')
    const limit = at < 0 ? Number.POSITIVE_INFINITY : Number(invocation.args[at + 1])
    if (invocation.args.includes('/dev/zero')) return ok('\0'.repeat(limit))
    const pipe = pipeBehind(invocation.machine, invocation.stdin)
    return pipe === undefined ? invocation.original() : copy(invocation, pipe, limit)
  },
  wc: reading(async (invocation, pipe) => {
    let bytes = 0
    for (;;) {
      const chunk = await pipe.read(Number.POSITIVE_INFINITY, invocation.signal)
      if (chunk === null) return ok(`${bytes}\n`)
      bytes += chunk.length
    }
  }),
}

function exchanged(text: string, from: string, to: string): string {
  if (Buffer.byteLength(text) !== text.length) return text.replaceAll(from, to)
  const [old, fresh] = [from.charCodeAt(0), to.charCodeAt(0)]
  const bytes = Buffer.from(text, 'latin1')
  for (let i = 0; i < bytes.length; i++) if (bytes[i] === old) bytes[i] = fresh
  return bytes.toString('latin1')
}

function oneCharacter(word: string): string | undefined {
  const escaped: Readonly<Record<string, string>> = { '\\0': '\0', '\\n': '\n', '\\t': '\t' }
  return word.length === 1 && word !== '\\' ? word : escaped[word]
}

function reading(read: (invocation: Invocation, pipe: Pipe) => ReturnType<Command>): Command {
  return (invocation) => {
    const pipe = pipeBehind(invocation.machine, invocation.stdin)
    return pipe === undefined ? invocation.original() : read(invocation, pipe)
  }
}

async function copy(
  invocation: Invocation,
  pipe: Pipe,
  limit: number,
): Promise<{ stdout: string; stderr: string; exitCode: number }> {
  for (let left = limit; left > 0; ) {
    const chunk = await pipe.read(left, invocation.signal)
    if (chunk === null) break
    left -= chunk.length
    await invocation.print(chunk)
  }
  return ok()
}
