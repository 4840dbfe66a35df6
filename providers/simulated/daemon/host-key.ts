import { createPrivateKey } from 'node:crypto'
import ssh2 from 'ssh2'

// ssh2 reads an ed25519 key only in OpenSSH's own format, so one in PKCS#8 is written anew in it
// (openssh-key-v1: PROTOCOL.key of the OpenSSH sources).

/** The key as text that ssh2 reads. Throws when it is no private key. */
export function openSshPrivateKey(pem: string): string {
  if (!(ssh2.utils.parseKey(pem) instanceof Error)) return pem
  const jwk = createPrivateKey(pem).export({ format: 'jwk' })
  if (jwk.crv !== 'Ed25519' || jwk.x === undefined || jwk.d === undefined)
    throw new Error('the host key is not ed25519')
  const [publicKey, seed] = [Buffer.from(jwk.x, 'base64url'), Buffer.from(jwk.d, 'base64url')]
  const type = text('ssh-ed25519')
  const check = Buffer.from('gantry!!').subarray(0, 4)
  const body = Buffer.concat([check, check, type, text(publicKey), text(Buffer.concat([seed, publicKey])), text('')])
  const padding = Buffer.from(Array.from({ length: (8 - (body.length % 8)) % 8 }, (_, i) => i + 1))
  const file = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    text('none'),
    text('none'),
    text(''),
    number(1),
    text(Buffer.concat([type, text(publicKey)])),
    text(Buffer.concat([body, padding])),
  ])
  const lines = file.toString('base64').match(/.{1,70}/g) ?? []
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join('\n')}\n-----END OPENSSH PRIVATE KEY-----\n`
}

function text(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([number(bytes.length), bytes])
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
