// ed25519 SSH keys, made in microseconds from our own random source, in OpenSSH's private format: ssh2
// takes it for clients and servers alike, and so does any `ssh -i` (ssh2 does not read ed25519 as PKCS8).
// Source: PROTOCOL.key of OpenSSH; RFC 8709 for the public form; RFC 8410 for the PKCS8 prefix.

import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import { z } from 'zod'
import type { Seams } from '../kernel/seams.ts'

export interface SshKeyPair {
  /** One line: `ssh-ed25519 AAAA... comment`. */
  readonly publicKey: string
  /** PEM, `-----BEGIN OPENSSH PRIVATE KEY-----`, without a passphrase. */
  readonly privateKeyPem: string
}

const keyType = 'ssh-ed25519'
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex')
const cipherBlock = 8
const pemWidth = 70
const jwkSchema = z.object({ x: z.string() })

/** Makes a key pair; `comment` is what one reads at the end of the public line. */
export function makeSshKeyPair(seams: Seams, comment: string): SshKeyPair {
  const seed = Buffer.from(seams.random.bytes(32))
  const key = createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: 'der', type: 'pkcs8' })
  const raw = Buffer.from(jwkSchema.parse(createPublicKey(key).export({ format: 'jwk' })).x, 'base64url')
  const blob = Buffer.concat([text(keyType), text(raw)])
  const check = Buffer.from(seams.random.bytes(4))
  const secret = Buffer.concat([check, check, blob, text(Buffer.concat([seed, raw])), text(comment)])
  const padding = Buffer.from(
    Array.from({ length: (cipherBlock - (secret.length % cipherBlock)) % cipherBlock }, (_, i) => i + 1),
  )
  const file = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    text('none'),
    text('none'),
    text(''),
    uint32(1),
    text(blob),
    text(Buffer.concat([secret, padding])),
  ])
  return { publicKey: `${keyType} ${blob.toString('base64')} ${comment}`, privateKeyPem: pem(file) }
}

/** `SHA256:...` as ssh-keygen -l shows it, of a one-line public key. */
export function sshFingerprint(publicKey: string): string {
  const blob = Buffer.from(publicKey.split(' ')[1] ?? '', 'base64')
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
}

function text(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([uint32(bytes.length), bytes])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function pem(file: Buffer): string {
  const lines = file.toString('base64').match(new RegExp(`.{1,${pemWidth}}`, 'g')) ?? []
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n')
}
