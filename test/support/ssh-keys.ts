import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import ssh2 from 'ssh2'

// Keys for tests, and the question whether two belong together.

const { parseKey } = ssh2.utils
const known = new Map<string, string>()

/** Whether two OpenSSH one-line public keys are the same key, whatever their comments. */
export function sameKey(a: string, b: string): boolean {
  return bodyOf(a) === bodyOf(b)
}

/** Whether a private key (OpenSSH or PKCS#8 PEM) opens what the public key guards. */
export function isKeyPair(privateKeyPem: string, publicKey: string): boolean {
  let derived = known.get(privateKeyPem)
  if (derived === undefined) {
    derived = publicLineOf(privateKeyPem)
    known.set(privateKeyPem, derived)
  }
  return sameKey(derived, publicKey)
}

/** A fresh ed25519 pair: OpenSSH one-line public key and PKCS#8 PEM private key. */
export function makeKeyPair(): { readonly publicKey: string; readonly privateKeyPem: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return {
    publicKey: openSshLine(publicKey),
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

function publicLineOf(privateKeyPem: string): string {
  if (privateKeyPem.includes('BEGIN PRIVATE KEY')) return openSshLine(createPublicKey(privateKeyPem))
  const parsed = parseKey(privateKeyPem)
  if (parsed instanceof Error) throw parsed
  return `${parsed.type} ${parsed.getPublicSSH().toString('base64')}`
}

function openSshLine(publicKey: KeyObject): string {
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)
  const type = Buffer.from('ssh-ed25519')
  const lengths = [type.length, raw.length].map((length) => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(length)
    return bytes
  })
  const body = Buffer.concat([lengths[0] ?? Buffer.alloc(0), type, lengths[1] ?? Buffer.alloc(0), raw])
  return `ssh-ed25519 ${body.toString('base64')}`
}

function bodyOf(line: string): string {
  return line.trim().split(/\s+/).slice(0, 2).join(' ')
}
