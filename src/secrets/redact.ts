// Keeps secrets out of logs that arrive in pieces: a secret may be cut by a chunk's border, be base64 at any
// alignment (alone or inside a longer text, wrapped into lines), or be printed line by line. What might be
// the beginning of one is held back until the next bytes tell.

import { minSecretBytes } from './vault.ts'

export interface Redactor {
  /**
   * Redacts what can be judged now. `consumed` raw bytes of `bytes` are in `redacted`; the rest is to be given
   * again, with what follows it. With `last`, everything is consumed. `redacted` never cuts a UTF-8 character.
   */
  scan(bytes: Uint8Array, last: boolean): { readonly redacted: Buffer; readonly consumed: number }
  /** Redacts a whole text. */
  text(value: string): string
}

export const redactedMark = '[redacted]'

// More than this is held back only by text made to do so; then it is taken for secret.
const heldAtMost = 64 * 1024
// Lines shorter than this inside a secret of many lines say nothing by themselves.
const minLineBytes = 16

interface Span {
  readonly start: number
  readonly end: number
}

/** A redactor of `values`; those below 8 bytes are passed over (the vault takes none). */
export function redactor(values: readonly string[]): Redactor {
  const secrets = values.map((value) => Buffer.from(value)).filter((value) => value.length >= minSecretBytes)
  const plain = unique(secrets.flatMap((secret) => [secret, ...linesOf(secret)]))
  const encoded = unique(secrets.flatMap(base64Forms))
  const mark = Buffer.from(redactedMark)

  function scan(raw: Uint8Array, last: boolean) {
    const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)
    if (plain.length === 0) return pass(bytes, last)
    const squeezed = squeeze(bytes)
    const at = (index: number) => squeezed.positions[index] ?? bytes.length
    const found = plain.flatMap((pattern) => occurrences(bytes, pattern))
    for (const pattern of encoded) {
      for (const span of occurrences(squeezed.bytes, pattern)) {
        found.push({ start: at(span.start), end: at(span.end - 1) + 1 })
      }
    }
    const spans = merged(found)
    const tail = Math.min(tailStart(bytes, plain), at(tailStart(squeezed.bytes, encoded)))
    if (last)
      return { redacted: cut(bytes, bytes.length, closeTail(spans, tail, bytes.length)), consumed: bytes.length }
    let consumed = Math.min(tail, wholeCharacters(bytes))
    for (const span of spans.toReversed()) if (span.end > consumed) consumed = Math.min(consumed, span.start)
    if (bytes.length - consumed <= heldAtMost) return { redacted: cut(bytes, consumed, spans), consumed }
    const all = merged([...spans, { start: consumed, end: bytes.length }])
    return { redacted: cut(bytes, bytes.length, all), consumed: bytes.length }
  }

  function cut(bytes: Buffer, end: number, spans: readonly Span[]): Buffer {
    const parts: Buffer[] = []
    let from = 0
    for (const span of spans) {
      if (span.start >= end) break
      parts.push(bytes.subarray(from, span.start), mark)
      from = span.end
    }
    if (from < end) parts.push(bytes.subarray(from, end))
    return Buffer.concat(parts)
  }

  return { scan, text: (value) => scan(Buffer.from(value), true).redacted.toString() }
}

function pass(bytes: Buffer, last: boolean) {
  const consumed = last ? bytes.length : wholeCharacters(bytes)
  return { redacted: bytes.subarray(0, consumed), consumed }
}

// A log that ends in the middle of a secret shows no half of it.
function closeTail(spans: readonly Span[], tail: number, end: number): readonly Span[] {
  return end - tail >= minSecretBytes ? merged([...spans, { start: tail, end }]) : spans
}

/** The characters of base64 that depend on the secret alone, for each of the three ways it can be aligned. */
function base64Forms(secret: Buffer): Buffer[] {
  return [0, 1, 2].flatMap((shift) => {
    const whole = Buffer.concat([Buffer.alloc(shift), secret]).toString('base64')
    const form = whole.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + secret.length) * 8) / 6))
    return [Buffer.from(form), Buffer.from(form.replaceAll('+', '-').replaceAll('/', '_'))]
  })
}

function linesOf(secret: Buffer): Buffer[] {
  const lines = secret.toString().split(/\r?\n/)
  if (lines.length === 1) return []
  return lines
    .filter((line) => line.length >= minLineBytes && !line.startsWith('-----'))
    .map((line) => Buffer.from(line))
}

function unique(patterns: readonly Buffer[]): Buffer[] {
  return [...new Map(patterns.map((pattern) => [pattern.toString('latin1'), pattern])).values()]
}

/** The bytes without line ends, and where each of them was. */
function squeeze(bytes: Buffer): { bytes: Buffer; positions: Uint32Array } {
  const kept = Buffer.alloc(bytes.length)
  const positions = new Uint32Array(bytes.length)
  let length = 0
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] ?? 0
    if (byte === 10 || byte === 13) continue
    kept[length] = byte
    positions[length++] = index
  }
  return { bytes: kept.subarray(0, length), positions: positions.subarray(0, length) }
}

function occurrences(bytes: Buffer, pattern: Buffer): Span[] {
  const spans: Span[] = []
  for (let start = bytes.indexOf(pattern); start >= 0; start = bytes.indexOf(pattern, start + 1)) {
    spans.push({ start, end: start + pattern.length })
  }
  return spans
}

function merged(spans: readonly Span[]): Span[] {
  const result: { start: number; end: number }[] = []
  for (const span of spans.toSorted((a, b) => a.start - b.start)) {
    const before = result.at(-1)
    if (before && span.start < before.end) before.end = Math.max(before.end, span.end)
    else result.push({ ...span })
  }
  return result
}

/** Where the longest tail begins that could be the beginning of a pattern; `bytes.length` when there is none. */
function tailStart(bytes: Buffer, patterns: readonly Buffer[]): number {
  let start = bytes.length
  for (const pattern of patterns) {
    const from = Math.max(0, bytes.length - pattern.length + 1)
    for (let index = from; index < start; index++) {
      if (bytes[index] === pattern[0] && bytes.compare(pattern, 0, bytes.length - index, index) === 0) start = index
    }
  }
  return start
}

/** Length without a UTF-8 character that is cut at the end (RFC 3629). */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if ((byte & 0xc0) === 0x80) continue
    const needs = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    return needs > back ? bytes.length - back : bytes.length
  }
  return bytes.length
}
