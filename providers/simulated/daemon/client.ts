import { Agent, request } from 'node:http'
import type { z } from 'zod'
import { ProviderFault } from '../../../src/provider/fault.ts'
import type { Cloud } from '../world/cloud.ts'
import { type Answers, type CallName, calls, faultFacts, type Takes, type WorldAddress } from './protocol.ts'

// The cloud over HTTP. A connection refused was never made, so nothing happened; any other break leaves it open.

export interface Caller {
  /** Throws ProviderFault. */
  call<C extends CallName>(name: C, body: Takes<C>): Promise<Answers<C>>
  close(): Promise<void>
}

/** A caller of the world's process at `address`; it is not reached before the first call. */
export function callerOf(address: WorldAddress): Caller {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  return {
    call: async (name, body) => {
      const { status, text } = await post(agent, address, name, JSON.stringify(body))
      if (status === 401) throw new ProviderFault({ kind: 'denied', outcome: 'none' }, 'the world refuses this token')
      if (status === 200) return parseAnswer(name, text)
      const { message, ...facts } = faultFacts.parse(JSON.parse(text))
      throw new ProviderFault(facts, message)
    },
    close: async () => agent.destroy(),
  }
}

/** The cloud behind a caller, once its capabilities are known. Throws ProviderFault. */
export async function httpCloud(address: WorldAddress): Promise<{ cloud: Cloud; close(): Promise<void> }> {
  const caller = callerOf(address)
  const capabilities = await caller.call('capabilities', {})
  const cloud: Cloud = {
    capabilities: () => capabilities,
    probe: () => caller.call('probe', {}),
    hosts: () => caller.call('hosts', {}),
    create: (key, machine) => caller.call('create', { key, request: { ...machine, networks: [...machine.networks] } }),
    find: (keys) => caller.call('find', { keys: [...keys] }),
    list: (owner) => caller.call('list', { owner }),
    pages: (owner, known) => caller.call('pages', { owner, known: Object.fromEntries(known) }),
    destroy: async (ref) => {
      await caller.call('destroy', { ref })
    },
    power: async (ref, to) => {
      await caller.call('power', { ref, to })
    },
    hasImage: (ref) => caller.call('hasImage', { ref }),
  }
  return { cloud, close: caller.close }
}

function parseAnswer<C extends CallName>(name: C, text: string): Answers<C> {
  const schema: z.ZodType<Answers<C>> = answerSchema(name)
  return schema.parse(JSON.parse(text))
}

function answerSchema<C extends CallName>(name: C): z.ZodType<Answers<C>> {
  // Indexing a table by a type parameter loses the link between the key and the value.
  const schema: z.ZodType<unknown> = calls[name].answers
  return schema as z.ZodType<Answers<C>>
}

function post(
  agent: Agent,
  { port, token }: WorldAddress,
  name: CallName,
  body: string,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-length': Buffer.byteLength(body) }
    const asked = request({ agent, host: '127.0.0.1', port, method: 'POST', path: `/${name}`, headers })
    asked.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', (error) => reject(broken(error)))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      )
    })
    asked.on('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ECONNREFUSED' ? refused(error) : broken(error)),
    )
    asked.end(body)
  })
}

function refused(cause: Error): ProviderFault {
  return new ProviderFault({ kind: 'transient', outcome: 'none' }, 'the world does not answer', { cause })
}

function broken(cause: Error): ProviderFault {
  return new ProviderFault({ kind: 'transient', outcome: 'unknown' }, 'the connection to the world broke', { cause })
}
