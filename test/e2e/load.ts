// Somebody who uses a platform while it changes: calls a service through two of its machines at a time. Which machines there
// are is what the platform's outputs say, read again whenever an event says that they changed; nothing else warns it.

import { request } from 'node:http'
import type { Api } from '../../src/cli/client/api.ts'
import { follow } from '../../src/cli/client/events.ts'
import { seams } from './support.ts'

export interface Load extends AsyncDisposable {
  /** Requests that were answered in full, by the name that answered. */
  readonly answered: ReadonlyMap<string, number>
  /** Every request that was not, with its reason; one whose connection the peer closed is among them. */
  readonly failed: readonly string[]
  /** How often the outputs made it turn elsewhere. */
  readonly moves: number
  /** The longest time it had fewer than two machines to call, ms. */
  readonly longestShortMs: number
}

export interface LoadOptions {
  /** Names of the outputs that hold addresses. */
  readonly outputs: readonly string[]
  readonly port: number
  /** It keeps the addresses it began with, whatever events say. */
  readonly isDeaf?: boolean
}

/** At once on their way: two. */
const width = 2
const pauseMs = 40
const timeoutMs = 10_000

/**
 * Calls http://ADDRESS:port/ of two addresses at a time, on a connection of its own each time, until it is disposed. As a
 * load balancer does, it begins to use an address when that has answered once: a member of a swarm need not run the
 * service yet. Addresses it has known for longest come first, so it is always on those that are replaced next.
 */
export async function startLoad(api: Api, platform: string, options: LoadOptions): Promise<Load> {
  const { outputs, port, isDeaf = false } = options
  const answered = new Map<string, number>()
  const failed: string[] = []
  /** Addresses of the outputs, the longest known first. */
  let known: string[] = []
  const used = new Set<string>()
  const callers = new Map<string, Promise<void>>()
  const stop = new AbortController()
  const { signal } = stop
  let moves = 0
  let longestShortMs = 0

  async function refresh(): Promise<void> {
    const { outputs: values } = await api.platform(platform)
    const now = outputs.flatMap((name) => String(values[name] ?? '').split(',')).filter((address) => address !== '')
    known = [...known.filter((address) => now.includes(address)), ...now.filter((address) => !known.includes(address))]
    for (const address of used) {
      if (known.includes(address)) continue
      used.delete(address)
      moves += 1
    }
  }

  async function keepWidth(): Promise<void> {
    let shortSince: number | undefined
    while (!signal.aborted) {
      for (const address of known) {
        if (used.size >= width) break
        if (used.has(address) || callers.has(address) || !(await answers(address))) continue
        // It may have left the outputs meanwhile.
        if (!known.includes(address)) continue
        used.add(address)
        callers.set(
          address,
          call(address).finally(() => callers.delete(address)),
        )
      }
      if (shortSince !== undefined) longestShortMs = Math.max(longestShortMs, seams.clock.now() - shortSince)
      shortSince = used.size >= width ? undefined : (shortSince ?? seams.clock.now())
      await seams.clock.sleep(50)
    }
  }

  const answers = (address: string) => get(address, port).then(Boolean, () => false)

  async function call(address: string): Promise<void> {
    while (used.has(address) && !signal.aborted) {
      try {
        const name = await get(address, port)
        answered.set(name, (answered.get(name) ?? 0) + 1)
      } catch (error) {
        failed.push(`${new Date().toISOString()} ${address}: ${String(error)}`)
      }
      await seams.clock.sleep(pauseMs)
    }
  }

  async function listen(): Promise<void> {
    for await (const { kind } of follow(api.server, '/v1/events', { query: { platform }, signal }))
      if (kind === 'platform.outputs') await refresh()
  }

  await refresh()
  const parts = isDeaf ? [keepWidth()] : [keepWidth(), listen()]
  return {
    answered,
    failed,
    get moves() {
      return moves
    },
    get longestShortMs() {
      return longestShortMs
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await Promise.all([...parts, ...callers.values()])
    },
  }
}

/** The name a machine answers with; anything but a whole answer with status 200 is thrown. */
function get(address: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: address, port, agent: false, timeout: timeoutMs }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('error', reject)
      response.on('close', () => {
        if (!response.complete) reject(new Error('the connection was closed in the middle of an answer'))
        else if (response.statusCode !== 200 || text === '')
          reject(new Error(`answered ${response.statusCode} '${text}'`))
        else resolve(text.trim())
      })
    })
    asked.on('timeout', () => asked.destroy(new Error(`no answer for ${timeoutMs} ms`)))
    asked.on('error', reject)
    asked.end()
  })
}
