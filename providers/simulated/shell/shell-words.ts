import type { IFileSystem } from 'just-bash'
import { fail, quote } from './command.ts'
import type { Result, SpawnRequest } from './inside.ts'

// `bash [-eux] [-o opt] [-c text | -s | file] [args]` understood by us, so that a shell is a process of its own.

export type ShellWords =
  | { readonly kind: 'shell'; readonly script: string; readonly name: string; readonly tookStdin: boolean }
  | { readonly kind: 'failed'; readonly result: Result }

/** Null when `argv` names no shell. */
export async function shellWords(
  argv: readonly string[],
  request: Pick<SpawnRequest, 'cwd' | 'stdin'>,
  fs: IFileSystem,
): Promise<ShellWords | null> {
  const program = argv[0]?.slice(argv[0].lastIndexOf('/') + 1)
  if (program !== 'bash' && program !== 'sh' && program !== 'dash') return null
  const words = argv.slice(1)
  const options: string[] = []
  let from: 'file' | 'text' | 'stdin' = 'file'
  while (words[0]?.startsWith('-') || words[0]?.startsWith('+o')) {
    const word = words.shift() ?? ''
    if (word === '--') break
    if (word.startsWith('--')) continue
    for (const letter of word.slice(1)) {
      if (letter === 'c') from = 'text'
      else if (letter === 's') from = 'stdin'
      else if (letter === 'o') options.push(`${word[0]}o ${quote(words.shift() ?? '')}`)
      else if ('euxfva'.includes(letter)) options.push(`-${letter}`)
    }
  }
  if (from === 'file' && words.length === 0) from = 'stdin'
  const setup = options.length === 0 ? '' : `set ${options.join(' ')}; `
  if (from === 'text') {
    const text = words.shift() ?? ''
    // A script read this way is complete before it runs; so it may as well be the script.
    if (evaluatesInput.test(text)) return shell(setup, request.stdin, words.shift() ?? program, words, true)
    return shell(setup, text, words.shift() ?? program, words, false)
  }
  if (from === 'stdin') return shell(setup, request.stdin, program, words, true)
  const file = words.shift() ?? ''
  try {
    const text = await fs.readFile(fs.resolvePath(request.cwd, file))
    return shell(setup, text, file, words, false)
  } catch {
    return { kind: 'failed', result: fail(127, `${program}: ${file}: No such file or directory`) }
  }
}

/** Reads all of its input, and evaluates that and nothing else. */
const evaluatesInput =
  /^\s*(?:eval "\$\(cat\)"|(\w+)=\$\(cat\); case \$\1 in [^)]*\) eval "\$\1" ;; [^;]*; exit 125 ;; esac)\s*$/

function shell(setup: string, text: string, name: string, args: readonly string[], tookStdin: boolean): ShellWords {
  const parameters = args.length === 0 ? '' : `set -- ${args.map(quote).join(' ')}; `
  // A first line that is a comment would swallow what stands before it.
  const separator = /^\s*#/.test(text) && parameters + setup !== '' ? '\n' : ''
  return { kind: 'shell', script: `${parameters}${setup}${separator}${text}`, name, tookStdin }
}
