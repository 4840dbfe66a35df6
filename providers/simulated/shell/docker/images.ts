import { fail, ok } from '../command.ts'
import type { Invocation, Result } from '../inside.ts'
import { engineOf } from './engine.ts'
import { readOptions, table } from './options.ts'
import { fill, unescaped } from './template.ts'

// docker images | pull | import | load | rmi: names in a list; nothing is ever downloaded.

const pullMs = 2_000

export async function images(invocation: Invocation, verb: string, args: readonly string[]): Promise<Result> {
  const { machine, signal } = invocation
  const engine = engineOf(machine)
  const add = (name: string): string => {
    const id = `sha256:${Buffer.from(machine.seams.random.bytes(32)).toString('hex')}`
    engine.images.set(name.includes(':') ? name : `${name}:latest`, { id, createdAt: machine.seams.clock.now() })
    return id
  }
  switch (verb) {
    case 'pull': {
      const { words } = readOptions(args, { '-q': 'quiet', '--quiet': 'quiet' })
      await machine.work(pullMs, signal)
      for (const name of words) add(name)
      return ok(words.map((name) => `Status: Downloaded newer image for ${name}\n`).join(''))
    }
    case 'import': {
      const { words } = readOptions(args, { '-c': 'change=', '--change': 'change=', '-m': 'message=' })
      const [source = '', name = '<none>'] = words
      if (source !== '-' && !(await invocation.fs.exists(invocation.fs.resolvePath(invocation.cwd, source))))
        return fail(1, `open ${source}: no such file or directory`)
      return ok(`${add(name)}\n`)
    }
    case 'load': {
      const options = readOptions(args, { '-i': 'input=', '--input': 'input=', '-q': 'quiet' })
      const name = (options.value('input') ?? 'image').replace(/^.*\//, '').replace(/\.tar.*$/, '')
      add(name)
      return ok(`Loaded image: ${name}:latest\n`)
    }
    case 'rmi': {
      const missing = args.filter((name) => !engine.images.delete(name.includes(':') ? name : `${name}:latest`))
      return missing.length === 0 ? ok() : fail(1, missing.map((name) => `Error: No such image: ${name}\n`).join(''))
    }
    default: {
      const options = readOptions(args, { '-q': 'quiet', '--format': 'format=' })
      const [wanted] = options.words
      const lines = [...engine.images].map(([name, image]) => ({
        Repository: name.slice(0, name.lastIndexOf(':')),
        Tag: name.slice(name.lastIndexOf(':') + 1),
        ID: image.id.slice(7, 19),
        Size: '5MB',
      }))
      const shown = lines.filter(
        (line) => wanted === undefined || [line.Repository, `${line.Repository}:${line.Tag}`].includes(wanted),
      )
      const format = options.value('format')
      if (options.has('quiet')) return ok(shown.map((line) => `${line.ID}\n`).join(''))
      if (format !== undefined) return ok(shown.map((line) => `${fill(unescaped(format), line)}\n`).join(''))
      return ok(table([['REPOSITORY', 'TAG', 'IMAGE ID', 'SIZE'], ...shown.map((line) => Object.values(line))]))
    }
  }
}
