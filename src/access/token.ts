// A token is recognised as ours where it does not belong (a log, a repository) by its prefix and checksum, and a typing
// mistake is told apart from a wrong one without asking the database. Only its hash is kept: the text is shown once.

import { crc32 } from 'node:zlib'
import { sha256 } from '../kernel/canonical.ts'
import type { Random } from '../kernel/seams.ts'

const prefix = 'gnt_'
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** A new token, 160 random bits: `gnt_` + 32 characters + 7 of checksum. */
export function newToken(random: Random): string {
  const secret = Array.from(random.bytes(32), (byte) => alphabet[byte % 32]).join('')
  return prefix + secret + checksum(secret)
}

/** Whether it can be a token at all. */
export function isToken(text: string): boolean {
  const match = /^gnt_([0-9a-z]{32})([0-9a-z]{7})$/.exec(text)
  return match?.[1] !== undefined && checksum(match[1]) === match[2]
}

/** What is stored: SHA-256 in hex. The token is random, so a slow hash would protect nothing. */
export function tokenHash(token: string): string {
  return sha256(token)
}

function checksum(secret: string): string {
  let rest = crc32(secret)
  let text = ''
  for (let i = 0; i < 7; i++) {
    text = alphabet[rest % 32] + text
    rest = Math.floor(rest / 32)
  }
  return text
}
