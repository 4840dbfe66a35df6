// A server that answers what a test tells it to, over real HTTP: for what the client does with answers that a real
// Gantry gives only when something is wrong.

import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { z } from 'zod'

export interface Asked {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: unknown
}
export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** Sent as it is, and the connection is cut after it. */
  readonly stream?: string
  /** The connection is cut without an answer. */
  readonly cut?: true
}

export interface PretendServer extends AsyncDisposable {
  readonly url: string
  readonly asked: Asked[]
}

/** `answer` is asked for each request; undefined means 404 as problem+json. */
export async function pretendServer(answer: (asked: Asked, n: number) => Answer | undefined): Promise<PretendServer> {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(Buffer.from(chunk))
    const url = new URL(request.url ?? '/', 'http://localhost')
    const text = Buffer.concat(chunks).toString()
    const one: Asked = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: text === '' ? undefined : JSON.parse(text),
    }
    asked.push(one)
    const given = answer(one, asked.length)
    if (given?.cut) return void request.socket.destroy()
    if (given?.stream !== undefined) {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(given.stream)
      setImmediate(() => response.destroy())
      return
    }
    const problem = {
      code: 'not_found',
      title: 'Not found',
      status: 404,
      detail: `There is no ${one.path}.`,
      requestId: 'req_1',
    }
    const { status, headers, body } = given ?? { status: 404, headers: undefined, body: problem }
    const type = (status ?? 200) >= 400 ? 'application/problem+json' : 'application/json'
    response.writeHead(status ?? 200, { 'content-type': type, ...headers })
    response.end(body === undefined ? '' : JSON.stringify(body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = z.object({ port: z.number() }).parse(server.address())
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
