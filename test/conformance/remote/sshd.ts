// ssh2's server on loopback, with counters and the ways in which a network and a server let one down.

import { createServer, type Socket } from 'node:net'
import ssh2, { type AuthContext, type Connection, type ServerChannel } from 'ssh2'

export interface SshdOptions {
  readonly user: string
  /** OpenSSH one-line public key that may log in. */
  readonly authorizedKey: string
  /** Read for every connection. */
  readonly hostKeyPem: () => string
  /** Sessions opened at once on one connection; more are refused. */
  readonly maxSessions: number
  readonly exec: (channel: ServerChannel, command: string) => void
}

export interface Sshd {
  readonly port: number
  /** COUNTs since it listens; `open` is the number of connections now. */
  readonly seen: { connections: number; open: number; logins: number; refused: number }
  /** Ends every connection. */
  cut(): void
  /** From now on it accepts connections and says nothing. */
  hang(): void
  /** Stops listening and ends every connection. */
  close(): Promise<void>
}

export async function sshd(options: SshdOptions): Promise<Sshd> {
  const sockets = new Set<Socket>()
  const seen = { connections: 0, open: 0, logins: 0, refused: 0 }
  let silent = false

  const listener = createServer((socket) => {
    seen.connections += 1
    sockets.add(socket)
    seen.open = sockets.size
    socket.setNoDelay(true)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      sockets.delete(socket)
      seen.open = sockets.size
    })
    if (!silent) new ssh2.Server({ hostKeys: [options.hostKeyPem()] }, serve).injectSocket(socket)
  })

  function serve(connection: Connection): void {
    let sessions = 0
    connection.on('error', () => undefined)
    connection.on('authentication', (attempt) => {
      seen.logins += 1
      if (knows(attempt, options)) attempt.accept()
      else attempt.reject(['publickey'])
    })
    connection.on('session', (accept, reject) => {
      if (sessions >= options.maxSessions) {
        seen.refused += 1
        reject()
        return
      }
      sessions += 1
      const session = accept()
      session.on('close', () => {
        sessions -= 1
      })
      session.on('exec', (acceptExec, _reject, info) => options.exec(acceptExec(), info.command))
    })
  }

  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port')
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: address.port,
    seen,
    cut,
    hang: () => {
      silent = true
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => listener.close(() => resolve()))
      cut()
      await closed
    },
  }
}

function knows(attempt: AuthContext, options: SshdOptions): boolean {
  const key = ssh2.utils.parseKey(options.authorizedKey)
  if (key instanceof Error || attempt.method !== 'publickey' || attempt.username !== options.user) return false
  if (!attempt.key.data.equals(key.getPublicSSH())) return false
  if (attempt.signature === undefined || attempt.blob === undefined) return true
  return key.verify(attempt.blob, attempt.signature) === true
}
