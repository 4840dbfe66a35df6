import { createHash } from 'node:crypto'

// Fingerprints compare what a person wrote, not how an object happened to be built: keys are sorted
// and absent is the same as undefined.

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined }

/** JSON text with sorted keys; the same value always gives the same bytes. */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`
  const parts: string[] = []
  for (const key of Object.keys(value).sort()) {
    const part = value[key]
    if (part !== undefined) parts.push(`${JSON.stringify(key)}:${canonicalJson(part)}`)
  }
  return `{${parts.join(',')}}`
}

/** SHA-256 in hex over the canonical form. */
export function canonicalHash(value: Json): string {
  return sha256(canonicalJson(value))
}

/** SHA-256 in hex. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

function isList(value: object): value is readonly Json[] {
  return Array.isArray(value)
}
