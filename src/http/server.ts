// The listening socket. Closing loses no acknowledged request: nothing new is accepted, what waits is answered with
// what is known, what runs is awaited, and only then are connections cut.

import type { ServerResponse } from 'node:http'
import { serve } from '@hono/node-server'
import type { OpenAPIHono } from '@hono/zod-openapi'
import { ProblemError } from '../kernel/problem.ts'

export interface HttpServer {
  /** `http://host:port` with the port that was really taken. */
  readonly url: string
  /** Resolves when every request is answered, at most after `graceMs`. */
  close(graceMs: number): Promise<void>
}

/** Listens. Throws ProblemError 'unavailable' when the address cannot be had. */
export function listen(app: OpenAPIHono, address: { host: string; port: number }): Promise<HttpServer> {
  return new Promise((resolve, reject) => {
    const server = serve(
      { fetch: app.fetch, hostname: address.host, port: address.port, serverOptions: { maxHeaderSize: 16_384 } },
      (info) => {
        const host = info.family === 'IPv6' ? `[${info.address}]` : info.address
        resolve({ url: `http://${host}:${info.port}`, close })
      },
    )
    let closing: (() => void) | undefined
    server.on('request', (_request: unknown, response: ServerResponse) => {
      response.once('close', () => closing?.())
    })
    server.on('error', (cause: Error) =>
      reject(
        new ProblemError(
          {
            code: 'unavailable',
            detail: `Cannot listen on ${address.host}:${address.port}: ${cause.message}.`,
            next: 'Choose another address with --listen.',
          },
          { cause },
        ),
      ),
    )

    async function close(graceMs: number): Promise<void> {
      const closed = new Promise<void>((done) => server.close(() => done()))
      if (!('closeAllConnections' in server)) return closed
      // A caller may keep its connection for the next request, which would not be served: whoever has been answered
      // is let go, or closing would last until all of them grow tired.
      closing = () => server.closeIdleConnections()
      closing()
      const cut = setTimeout(() => server.closeAllConnections(), graceMs)
      await closed
      clearTimeout(cut)
    }
  })
}
