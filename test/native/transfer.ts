// One SSH connection over loopback that carries known bytes: the shortest proof that a cipher works both ways.

import { createHash, randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import ssh2 from 'ssh2'

type Cipher = 'aes128-gcm@openssh.com' | 'chacha20-poly1305@openssh.com'

/** Sends bytes by `cipher` and checks that they arrive. Rejects when they do not, or nobody answers for 30 s. */
export async function measureTransfer(cipher: Cipher): Promise<{ mebibytes: number; seconds: number }> {
  const bytes = randomBytes(16 << 20)
  const hostKey = ssh2.utils.generateKeyPairSync('ed25519').private
  const algorithms = { cipher: [cipher] }
  const server = new ssh2.Server({ hostKeys: [hostKey], algorithms }, (connection) => {
    connection.on('authentication', (context) => context.accept())
    connection.on('error', () => undefined)
    connection.on('session', (accept) => {
      accept().on('exec', (open) => {
        const channel = open()
        channel.end(bytes)
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const client = new ssh2.Client()
  const start = performance.now()
  try {
    const arrived = await new Promise<string>((resolve, reject) => {
      const hash = createHash('sha256')
      client.on('error', reject)
      client.on('ready', () => {
        client.exec('send', (error, channel) => {
          if (error) return reject(error)
          channel.on('data', (chunk: Buffer) => hash.update(chunk))
          channel.on('close', () => resolve(hash.digest('hex')))
        })
      })
      client.connect({ host: '127.0.0.1', port, username: 'anybody', algorithms, readyTimeout: 30_000 })
    })
    if (arrived !== createHash('sha256').update(bytes).digest('hex')) throw new Error(`${cipher} changed the bytes`)
    return { mebibytes: bytes.length >> 20, seconds: (performance.now() - start) / 1000 }
  } finally {
    client.end()
    server.close()
  }
}
