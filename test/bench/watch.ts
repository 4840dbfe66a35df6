// When each platform reached which state, as one event stream tells it: asking again and again would be work for the
// very server that is measured.

import { z } from 'zod'
import { follow } from '../../src/cli/client/events.ts'
import type { Server } from '../../src/cli/client/rest.ts'

export interface Watch extends AsyncDisposable {
  /** Resolves when the platform reached the state; rejects when it is blocked or the stream ended. */
  reached(platform: string, state: string): Promise<void>
}

const transition = z.object({ platform: z.string(), to: z.string(), cause: z.string().nullable() })

export function watchPlatforms(server: Server): Watch {
  const stop = new AbortController()
  const waiting = new Map<string, PromiseWithResolvers<void>>()
  const following = read()
  // Whoever waits is told; nobody else need hear of it.
  following.catch((error: unknown) => {
    for (const waiter of waiting.values()) waiter.reject(error)
  })

  /** Also made by the event itself, which may come before anybody waits for it. */
  function at(platform: string, state: string): PromiseWithResolvers<void> {
    const key = `${platform} ${state}`
    const known = waiting.get(key) ?? Promise.withResolvers<void>()
    waiting.set(key, known)
    return known
  }

  async function read(): Promise<void> {
    const query = { kind: 'platform.state' }
    for await (const { data } of follow(server, '/v1/events', { query, signal: stop.signal })) {
      const { platform, to, cause } = transition.parse(data)
      if (to === 'blocked') throw new Error(`${platform} is blocked: ${cause}`)
      at(platform, to).resolve()
    }
  }

  return {
    async reached(platform, state) {
      await Promise.race([at(platform, state).promise, following])
      waiting.delete(`${platform} ${state}`)
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await following.catch(() => undefined)
    },
  }
}
