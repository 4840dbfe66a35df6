import type { Socket } from 'node:net'
import type { AuthContext, Connection } from 'ssh2'
import ssh2 from 'ssh2'
import type { SimMachine } from '../world/sim-machine.ts'
import { openSshPrivateKey } from './host-key.ts'
import { serveSession } from './ssh-session.ts'

// The SSH server of one machine: its own host key, one user, one key. It never listens: doors.ts hands it sockets.

export interface SshServer {
  accept(socket: Socket): void
}

/** As OpenSSH's MaxSessions. */
const maxSessions = 10

export function sshServerOf(machine: SimMachine): SshServer {
  // Announced by injectSocket before it returns.
  let arriving: Socket | null = null
  const server = new ssh2.Server(
    {
      hostKeys: [openSshPrivateKey(machine.request.hostKey.privateKeyPem)],
      ident: 'OpenSSH_9.2p1 Debian-2+deb12u7 simulated',
      algorithms: {
        kex: ['curve25519-sha256', 'ecdh-sha2-nistp256'],
        cipher: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr'],
        compress: ['none'],
      },
    },
    (client) => {
      const socket = arriving
      serve(machine, client, () => socket?.destroy())
    },
  )
  return {
    accept: (socket) => {
      arriving = socket
      server.injectSocket(socket)
    },
  }
}

function serve(machine: SimMachine, client: Connection, cut: () => void): void {
  let open = 0
  client.on('error', () => client.end())
  client.on('authentication', (context) => {
    if (isAllowed(machine, context)) context.accept()
    else context.reject(['publickey'])
  })
  client.on('ready', () => {
    client.on('session', (accept, reject) => {
      if (open >= maxSessions) return reject()
      open++
      const session = accept()
      session.once('close', () => {
        open--
      })
      serveSession(machine, session, cut)
    })
  })
}

function isAllowed(machine: SimMachine, context: AuthContext): boolean {
  if (context.method !== 'publickey' || machine.deniesLogins) return false
  if (context.username !== machine.request.loginUser) return false
  const allowed = ssh2.utils.parseKey(machine.request.authorizedKey)
  if (allowed instanceof Error || !allowed.getPublicSSH().equals(context.key.data)) return false
  // Without a signature the client only asks whether the key would do.
  if (context.signature === undefined || context.blob === undefined) return true
  return allowed.verify(context.blob, context.signature, context.hashAlgo) === true
}
