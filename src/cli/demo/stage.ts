// What the demo sets up around itself and takes down again, whatever happens: a folder, a server, a context. A process
// that is torn away still removes what it can without waiting.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { apiOf } from '../client/api.ts'
import { contextPath, dropContext, putContext, readContexts } from '../client/contexts.ts'
import { type DemoServer, startServer } from './server.ts'

export interface Stage {
  readonly server: DemoServer
  /** Where the simulated infrastructure keeps its files. */
  readonly worldFolder: string
  /** How the user calls the command in a second terminal. */
  readonly gantry: string
  keepProject(project: string): void
  close(): Promise<void>
}

const contextName = 'demo'

export async function openStage(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-demo-'))
  const worldFolder = join(folder, 'world')
  const contexts = contextPath(env)
  let context: string | undefined
  const tidy = () => {
    if (context !== undefined) dropContext(contexts, context)
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
  process.once('exit', tidy)
  try {
    const server = await startServer(join(folder, 'server'), signal)
    context = await freeName(contexts)
    const { url, token } = server
    putContext(contexts, context, { url, token })
    const isCurrent = readContexts(contexts).current === context && !env.GANTRY_CONTEXT && !env.GANTRY_URL
    return {
      server,
      worldFolder,
      gantry: isCurrent ? 'npx gantry' : `npx gantry --context ${context}`,
      keepProject: (project) => putContext(contexts, context ?? contextName, { url, token, project }),
      async close() {
        // The simulated infrastructure ends by itself when its folder goes, for which it looks twice a second.
        rmSync(worldFolder, { recursive: true, force: true })
        await Promise.all([server.stop(), sleep(600)])
        tidy()
        process.off('exit', tidy)
      },
    }
  } catch (error) {
    tidy()
    process.off('exit', tidy)
    throw error
  }
}

/** `demo`, or `demo-2` while another demo is up; the context of one that was torn away is taken over. */
async function freeName(path: string): Promise<string> {
  const { contexts } = readContexts(path)
  for (let n = 1; ; n++) {
    const name = n === 1 ? contextName : `${contextName}-${n}`
    const taken = contexts[name]
    if (taken === undefined) return name
    const alive = await apiOf(taken)
      .ready()
      .then(
        () => true,
        () => false,
      )
    if (!alive) return name
  }
}
