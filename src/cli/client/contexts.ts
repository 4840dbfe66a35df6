// Where Gantry is and who one is there, by name, so that a command is short. The file holds tokens: it is readable by
// its owner alone and replaced as a whole, so that a crash never leaves half of it.

import { randomBytes } from 'node:crypto'
import { chmodSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { makeFolder } from '../../kernel/folder.ts'
import { ApiProblem } from './api-problem.ts'

const context = z.object({
  url: z.url({ protocol: /^https?$/ }),
  token: z.string().default(''),
  tenant: z.string().optional(),
  project: z.string().optional(),
})
const file = z.object({
  current: z.string().nullable().default(null),
  contexts: z.record(z.string(), context).default({}),
})

export type Context = z.output<typeof context>
export type ContextFile = z.output<typeof file>

/** `$GANTRY_CONFIG_DIR/contexts.json`, or the same under `$XDG_CONFIG_HOME/gantry`, or `~/.config/gantry`. */
export function contextPath(env: NodeJS.ProcessEnv): string {
  const folder = env.GANTRY_CONFIG_DIR || join(env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'gantry')
  return join(folder, 'contexts.json')
}

/** The file's content; an absent file is an empty one. Throws ApiProblem `usage` when it cannot be read as ours. */
export function readContexts(path: string): ContextFile {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { current: null, contexts: {} }
    throw unreadable(path, error)
  }
  try {
    return file.parse(JSON.parse(text))
  } catch (error) {
    throw unreadable(path, error)
  }
}

/**
 * Replaces the file, mode 0600 in a folder of mode 0700. Throws ApiProblem `usage` for a context that could not be read
 * again: it would take every later command with it, also the one that could mend it.
 */
export function writeContexts(path: string, content: ContextFile): void {
  for (const { url } of Object.values(content.contexts)) requireUrl(url)
  makeFolder(dirname(path))
  const next = `${path}.${randomBytes(4).toString('hex')}`
  try {
    writeFileSync(next, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
    chmodSync(next, 0o600) // the umask may have taken bits, and never adds any: this makes the mode exact
    renameSync(next, path)
  } catch (error) {
    rmSync(next, { force: true })
    throw error
  }
}

/** Adds or replaces one context; it becomes the current one when there is none, or when asked. */
export function putContext(path: string, name: string, value: Context, use: 'ifNone' | 'always' = 'ifNone'): void {
  const content = readContexts(path)
  const current = use === 'always' || content.current === null ? name : content.current
  writeContexts(path, { current, contexts: { ...content.contexts, [name]: value } })
}

/** Takes one context out, if it is there; with the last one the file goes too, and its folder if nothing else is in it. */
export function dropContext(path: string, name: string): void {
  const content = readContexts(path)
  const { [name]: dropped, ...rest } = content.contexts
  if (dropped === undefined) return
  if (Object.keys(rest).length > 0) {
    writeContexts(path, { current: content.current === name ? null : content.current, contexts: rest })
    return
  }
  rmSync(path, { force: true })
  try {
    rmdirSync(dirname(path))
  } catch {
    // Not empty: other files of the user live there, and stay.
  }
}

/** Throws ApiProblem `usage` unless this is the address of a server. */
export function requireUrl(url: string): void {
  if (context.shape.url.safeParse(url).success) return
  throw new ApiProblem({
    code: 'usage',
    status: 0,
    detail: `${JSON.stringify(url)} is no URL of a server.`,
    next: 'Write it like http://127.0.0.1:8080 or https://gantry.example.',
  })
}

function unreadable(path: string, cause: unknown): ApiProblem {
  return new ApiProblem(
    {
      code: 'usage',
      status: 0,
      detail: `${path} cannot be read as a context file.`,
      next: 'Repair or remove it, then  gantry context set <name> --url ... --token ...',
    },
    { cause },
  )
}
