// AES-256-GCM with the place of the text as additional data: a ciphertext moved to another row, owner or
// version does not open. Form: `v1:` and base64 of nonce (12), text, tag (16). NIST SP 800-38D.

import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { Random } from '../kernel/seams.ts'

const version = 'v1:'
const nonceBytes = 12
const tagBytes = 16
export const keyBytes = 32

/** Encrypts `plain` for `place`; every call uses a fresh nonce. */
export function seal(key: Uint8Array, plain: Uint8Array, place: string, random: Random): string {
  const nonce = random.bytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(Buffer.from(place))
  const text = [cipher.update(plain), cipher.final()]
  return version + Buffer.concat([nonce, ...text, cipher.getAuthTag()]).toString('base64')
}

/** Opens what `seal` made. Throws when the key, the place or a single bit differs. */
export function unseal(key: Uint8Array, sealed: string, place: string): Buffer {
  if (!sealed.startsWith(version)) throw new Error('unknown form of ciphertext')
  const bytes = Buffer.from(sealed.slice(version.length), 'base64')
  if (bytes.length < nonceBytes + tagBytes) throw new Error('ciphertext is cut short')
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes })
  decipher.setAAD(Buffer.from(place))
  decipher.setAuthTag(bytes.subarray(-tagBytes))
  return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()])
}
