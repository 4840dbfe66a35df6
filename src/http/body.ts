// A body is read only as far as we are ready to take it, and is JSON in UTF-8 or refused.

import { ProblemError } from '../kernel/problem.ts'
import { refuseUnkeepable } from './keepable.ts'

/** The parsed JSON of a request. Throws unsupported_media_type, payload_too_large or invalid_request. */
export async function readJson(request: Request, maxBytes: number): Promise<unknown> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i.test(type)) {
    throw new ProblemError({
      code: 'unsupported_media_type',
      detail: type === '' ? 'The body has no content type.' : `The body is ${type}.`,
      next: 'Send JSON in UTF-8 with Content-Type: application/json.',
    })
  }
  const value = parse(decode(await readBytes(request, maxBytes)))
  refuseUnkeepable(value)
  return value
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : 'not JSON'
    throw new ProblemError(
      {
        code: 'invalid_request',
        detail: text === '' ? 'The body is empty.' : `The body is not JSON: ${detail}.`,
        next: 'Send one JSON value.',
        errors: [{ pointer: '', detail: text === '' ? 'empty' : detail }],
      },
      { cause },
    )
  }
}

async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes)
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of request.body ?? []) {
    size += part.byteLength
    if (size > maxBytes) throw tooLarge(maxBytes)
    parts.push(part)
  }
  return Buffer.concat(parts)
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new ProblemError(
      { code: 'invalid_request', detail: 'The body is not UTF-8.', next: 'Send UTF-8.' },
      { cause },
    )
  }
}

function tooLarge(maxBytes: number): ProblemError {
  return new ProblemError({
    code: 'payload_too_large',
    detail: `The body is larger than ${maxBytes} bytes.`,
    facts: { maxBytes },
    next: 'Send less at once.',
  })
}
