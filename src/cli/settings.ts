// Where a command goes and as whom: flags before environment before the context file, each part for itself.

import type { Command } from 'commander'
import { type Context, contextPath, readContexts, requireUrl } from './client/contexts.ts'
import { UsageError } from './usage.ts'

export interface GlobalOptions {
  readonly context?: string
  readonly url?: string
  readonly token?: string
  readonly tenant?: string
  readonly project?: string
  readonly output: Output
}
export type Output = 'table' | 'json' | 'yaml'

export interface Settings {
  readonly url: string
  readonly token: string
  /** Id or name; undefined when nothing says. */
  readonly tenant: string | undefined
  readonly project: string | undefined
  readonly output: Output
  /** The context used, for messages. */
  readonly contextName: string | undefined
}

export const defaultUrl = 'http://127.0.0.1:8080'

/** The settings of a command. Throws UsageError when the named context does not exist, ApiProblem for a URL that is none. */
export function settingsOf(command: Command, env: NodeJS.ProcessEnv): Settings {
  const options = command.optsWithGlobals<GlobalOptions>()
  const { name, context } = chosenContext(options.context ?? env.GANTRY_CONTEXT, env)
  const url = options.url ?? env.GANTRY_URL ?? context?.url ?? defaultUrl
  requireUrl(url)
  return {
    url,
    token: options.token ?? env.GANTRY_TOKEN ?? context?.token ?? '',
    tenant: options.tenant ?? env.GANTRY_TENANT ?? context?.tenant,
    project: options.project ?? env.GANTRY_PROJECT ?? context?.project,
    output: options.output,
    contextName: name,
  }
}

function chosenContext(asked: string | undefined, env: NodeJS.ProcessEnv): { name?: string; context?: Context } {
  const path = contextPath(env)
  const content = readContexts(path)
  const name = asked ?? content.current
  if (name === null) return {}
  const context = content.contexts[name]
  if (context) return { name, context }
  const known = Object.keys(content.contexts).join(', ') || 'none'
  throw new UsageError(`There is no context ${name} in ${path} (there: ${known}).`, { next: 'gantry context list' })
}
