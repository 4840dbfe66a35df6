// The network between Gantry and a machine, byte by byte: it forwards, and does what networks and strangers do.

import { createServer, connect as dial, type Socket } from 'node:net'
import type { Endpoint } from '../../src/kernel/endpoint.ts'

export type Direction = 'toClient' | 'toServer'

/** What happens to a piece of a connection: `before` bytes went the same way before it. A number: so many pass, then a reset. */
export type Rule = (way: Direction, before: number, piece: Buffer) => 'pass' | 'reset' | 'stall' | number

export interface Wire extends AsyncDisposable {
  readonly endpoint: Endpoint
  /** Read for every piece of every connection. */
  rule: Rule
  /** `silent`: the next connections are accepted, and nobody is behind them. A function talks to them instead of the machine. */
  door: 'open' | 'silent' | ((socket: Socket) => void)
  /** Connections accepted since it is there, COUNT. */
  readonly accepted: number
  /** Bytes that passed on the newest connection. */
  readonly passed: Readonly<Record<Direction, number>>
  /** Resets every connection. */
  cut(): void
}

export const pass: Rule = () => 'pass'

/** Ends a connection with a reset when `bytes` have passed that way on it. */
export function resetAt(way: Direction, bytes: number): Rule {
  return (towards, before, piece) => (towards !== way || before + piece.length <= bytes ? 'pass' : bytes - before)
}

/** Nothing more passes that way once `bytes` have; the connection stays. */
export function stallAt(way: Direction, bytes: number): Rule {
  return (towards, before, piece) => (towards === way && before + piece.length > bytes ? 'stall' : 'pass')
}

export async function wireTo(machine: Endpoint): Promise<Wire> {
  const sockets = new Set<Socket>()
  let passed = { toClient: 0, toServer: 0 }
  let accepted = 0
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  }

  const listener = createServer({ allowHalfOpen: true }, (near) => {
    accepted += 1
    keep(near)
    if (wire.door === 'silent') return near.resume()
    if (wire.door !== 'open') return wire.door(near)
    const counts = { toClient: 0, toServer: 0 }
    passed = counts
    const far = dial({ host: machine.address, port: machine.port, allowHalfOpen: true })
    keep(far)
    const reset = () => {
      near.resetAndDestroy()
      far.resetAndDestroy()
    }
    const join = (way: Direction, from: Socket, to: Socket) => {
      let stalled = false
      from.on('data', (piece: Buffer) => {
        const verdict = stalled ? 'stall' : wire.rule(way, counts[way], piece)
        if (verdict === 'stall') stalled = true
        if (verdict === 'stall') return
        if (verdict === 'reset') return reset()
        const sent = verdict === 'pass' ? piece : piece.subarray(0, verdict)
        counts[way] += sent.length
        const flowing = to.write(sent, () => {
          if (verdict !== 'pass') reset()
        })
        if (flowing) return
        from.pause()
        to.once('drain', () => from.resume())
      })
      from.on('end', () => {
        if (!stalled) to.end()
      })
      from.on('close', () => to.destroy())
    }
    join('toServer', near, far)
    join('toClient', far, near)
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port')
  const wire: Wire = {
    endpoint: { address: '127.0.0.1', port: address.port },
    rule: pass,
    door: 'open',
    get accepted() {
      return accepted
    },
    get passed() {
      return passed
    },
    cut: () => {
      for (const socket of sockets) socket.resetAndDestroy()
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => listener.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
  return wire
}
