// The checks of machines as bash runs them there, against servers that are well and ill.

import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { parseBlueprint } from './blueprint.ts'
import { machineChecks } from './machine-checks.ts'

/** Answers a whole request: bash writes it line by line, and each may come by itself. */
async function listening(answer: (socket: Socket, request: string) => void) {
  const server: Server = createServer((socket) => {
    let request = ''
    socket.on('error', () => undefined)
    socket.on('data', (data) => {
      request += data.toString()
      if (request.endsWith('\r\n\r\n')) answer(socket, request)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()))
  return { port, close, [Symbol.asyncDispose]: close }
}

/** Exit code and what it says. */
function run(check: string): Promise<{ code: number; said: string }> {
  const text = `
name: checked
version: 1.0.0
description: Machines that are checked.
groups:
  node: { count: 1, flavor: small, image: debian-12 }
health:
  machines:
    node: ${check}
`
  const { script } = machineChecks(parseBlueprint({ 'blueprint.yaml': text }).blueprint).get('node') ?? {
    script: 'exit 99',
  }
  return new Promise((resolve) => {
    execFile('/bin/bash', ['-c', script], (error, stdout) => {
      resolve({ code: error === null ? 0 : Number(error.code), said: stdout.trim() })
    })
  })
}

describe('a check by TCP', () => {
  test('passes where somebody listens, and names the port where nobody does', async () => {
    const server = await listening(() => undefined)
    expect(await run(`{ tcp: { port: ${server.port} } }`)).toEqual({ code: 0, said: '' })
    await server.close()
    expect(await run(`{ tcp: { port: ${server.port} } }`)).toEqual({
      code: 1,
      said: `nobody answers on port ${server.port}`,
    })
  })
})

describe('a check by HTTP', () => {
  const answers = [
    ['HTTP/1.1 200 OK\r\n\r\n', 0, ''],
    ['HTTP/1.0 204 No Content\r\n\r\n', 0, ''],
    ['HTTP/1.1 302 Found\r\n\r\n', 0, ''],
    ['HTTP/1.1 200\r\n\r\n', 0, ''],
    ['HTTP/1.1 404 Not Found\r\n\r\n', 1, 'it answers 404'],
    ['HTTP/1.1 503\r\n\r\n', 1, 'it answers 503'],
    ['\r\n', 1, 'it does not answer in HTTP'],
    ['', 1, 'it does not answer in HTTP'],
  ] as const
  test.each(answers)('answered with %j ends with %i', async (answer, code, said) => {
    await using server = await listening((socket) => socket.end(answer))
    expect(await run(`{ http: { port: ${server.port} } }`)).toEqual({ code, said })
  })

  test('asks for the path it was given', async () => {
    const asked: string[] = []
    await using server = await listening((socket, request) => {
      asked.push(request)
      socket.end('HTTP/1.1 200 OK\r\n\r\n')
    })
    expect((await run(`{ http: { port: ${server.port}, path: '/healthz?full=1' } }`)).code).toBe(0)
    expect(asked).toEqual(['GET /healthz?full=1 HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n'])
  })

  test('names the port where nobody listens', async () => {
    const server = await listening(() => undefined)
    await server.close()
    expect(await run(`{ http: { port: ${server.port} } }`)).toMatchObject({
      code: 1,
      said: `nobody answers on port ${server.port}`,
    })
  })
})
