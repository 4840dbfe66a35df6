import { timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sha256 } from '../../../src/kernel/canonical.ts'
import type { NativeRef, Observed } from '../../../src/provider/contract.ts'
import { ProviderFault } from '../../../src/provider/fault.ts'
import { noOutput } from '../shell/inside.ts'
import { type Cloud, observed } from '../world/cloud.ts'
import type { World } from '../world/world.ts'
import { type Answers, type CallName, calls, isCall, type Takes } from './protocol.ts'

// The control API of a world on loopback. A fault whose outcome is unknown is no answer but a broken connection:
// that is what makes it unknown.

export interface ApiOptions {
  readonly id: string
  readonly token: string
  readonly world: World
  readonly cloud: Cloud
  /** Ends the world; when it resolves, nobody finds it any more. */
  shutdown(): Promise<void>
}

export interface Api {
  readonly port: number
  lastCallAt(): number
  close(): Promise<void>
}

const maxBodyBytes = 8 * 2 ** 20
const keepAliveMs = 60_000

export async function openApi(options: ApiOptions): Promise<Api> {
  const { world } = options
  const handlers = handlersOf(options)
  const expected = sha256(`Bearer ${options.token}`)
  let lastCallAt = world.seams.clock.now()

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const given = sha256(request.headers.authorization ?? '')
    if (!timingSafeEqual(Buffer.from(given), Buffer.from(expected))) return answer(response, 401, {})
    const name = request.url?.slice(1) ?? ''
    if (!isCall(name)) return answer(response, 404, {})
    const body: unknown = JSON.parse(await read(request))
    lastCallAt = world.seams.clock.now()
    try {
      answer(response, 200, await handle(handlers, name, body))
    } catch (error) {
      const fault = error instanceof ProviderFault ? error : rejected(error)
      if (fault.outcome === 'unknown' || world.faults.unreachable) {
        request.socket.destroy()
        return
      }
      const { kind, outcome, retryAfterMs, message } = fault
      answer(response, 409, { kind, outcome, retryAfterMs, message })
    }
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(() => request.socket.destroy())
  })
  // A caller that was stopped for a while finds its connections as it left them, as it would with most clouds.
  server.keepAliveTimeout = keepAliveMs
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    port: portOf(server.address()),
    lastCallAt: () => lastCallAt,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

type Handlers = { readonly [C in CallName]: (body: Takes<C>) => Promise<Answers<C>> }

function handlersOf({ id, world, cloud, shutdown }: ApiOptions): Handlers {
  const machine = (ref: NativeRef) => {
    const found = world.byRef(ref)
    if (found === undefined) throw new ProviderFault({ kind: 'gone', outcome: 'none' }, `there is no ${ref}`)
    return found
  }
  const copies = <T>(items: readonly T[]): T[] => [...items]
  return {
    capabilities: async () => cloud.capabilities(),
    probe: async () => {
      const { identity, version, latencyMs, missingRights } = await cloud.probe()
      return { identity, version, latencyMs, missingRights: copies(missingRights) }
    },
    hosts: async () => copies(await cloud.hosts()),
    create: ({ key, request }) => cloud.create(key, request),
    find: async ({ keys }) => (await cloud.find(keys)).map(sendable),
    list: async ({ owner }) => (await cloud.list(owner)).map(sendable),
    pages: async ({ owner, known }) =>
      (await cloud.pages(owner, new Map(Object.entries(known)))).map(({ objects, ...page }) => ({
        ...page,
        objects: objects?.map(sendable) ?? null,
      })),
    destroy: async ({ ref }) => {
      await cloud.destroy(ref)
      return null
    },
    power: async ({ ref, to }) => {
      await cloud.power(ref, to)
      return null
    },
    hasImage: ({ ref }) => cloud.hasImage(ref),
    hello: async () => ({ id, machines: world.living().length }),
    machines: async () => world.living().map((found) => sendable(observed(found, world.seams.clock.now()))),
    faults: async (change) => Object.assign(world.faults, change),
    kill: async ({ ref, how }) => {
      world.kill(machine(ref), how)
      return null
    },
    run: async ({ ref, script }) => {
      const inside = machine(ref).inside()
      const { stdout, stderr, exitCode } = await inside.spawn({
        run: { kind: 'program', argv: ['bash', '-c', script] },
        env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' },
        cwd: '/root',
        user: inside.root,
        stdin: '',
        prelude: '',
        output: noOutput,
        parent: null,
        tiedTo: null,
      }).done
      return { stdout, stderr, exitCode }
    },
    shutdown: async () => {
      await shutdown()
      return null
    },
  }
}

/** Copies an observation into the mutable lists that the schema of the answer speaks of. */
function sendable(object: Observed): Answers<'list'>[number] {
  const { endpoints, addresses, hostKeys, ...rest } = object
  return {
    ...rest,
    endpoints: [...endpoints],
    ...(addresses === undefined ? {} : { addresses: [...addresses] }),
    ...(hostKeys === undefined ? {} : { hostKeys: [...hostKeys] }),
  }
}

async function handle<C extends CallName>(handlers: Handlers, name: C, body: unknown): Promise<unknown> {
  const schema: { parse(value: unknown): unknown } = calls[name].takes
  const handler: (body: Takes<C>) => Promise<Answers<C>> = handlers[name]
  return handler(schema.parse(body) as Takes<C>)
}

function rejected(error: unknown): ProviderFault {
  return new ProviderFault(
    { kind: 'rejected', outcome: 'none' },
    error instanceof Error ? error.message : String(error),
  )
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > maxBodyBytes) throw new Error('the body is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8') || '{}'
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body ?? null))
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
