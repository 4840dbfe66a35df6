// A POST that is sent twice, because the first answer was lost, happens once. The claim on the key, the change and the
// answer are one transaction: whoever repeats the request finds all of it or nothing of it.

import { canonicalHash, type Json } from '../kernel/canonical.ts'
import { ProblemError } from '../kernel/problem.ts'
import type { JsonReply, Reply } from './reply.ts'

/** How long an answer is remembered, ms. */
export const rememberMs = 24 * 3_600_000

export interface Remembered {
  readonly requestHash: string
  readonly reply: JsonReply
}

/** Where answers are remembered; `actor` keeps the keys of different callers apart. */
export interface IdempotencyStore<Tx> {
  find(actor: string, key: string): Promise<Remembered | undefined>
  /** Claims the key in this transaction; answers what another transaction committed under it before, if one did. */
  claim(tx: Tx, actor: string, key: string, requestHash: string): Promise<Remembered | undefined>
  /** Writes the answer of a claim. */
  answer(tx: Tx, actor: string, key: string, reply: JsonReply): Promise<void>
  /** The answer as it was finally sent, when waiting made it another than the committed one. */
  update(actor: string, key: string, reply: JsonReply): Promise<void>
}

/** Thrown inside a transaction to leave it: somebody else has already answered. */
class AlreadyAnswered extends Error {
  readonly remembered: Remembered
  constructor(remembered: Remembered) {
    super('the idempotency key is answered')
    this.remembered = remembered
  }
}

export interface Once<Tx> {
  /** Runs `handle`, whose changes go through the commit it is given, at most once for the key. */
  run(handle: (commit: (work: (tx: Tx) => Promise<Reply>) => Promise<Reply>) => Promise<Reply>): Promise<Reply>
}

export interface Writer<Tx> {
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>
}

/** At most once for this actor, key and request. Throws idempotency_mismatch when the key was used for another. */
export function once<Tx>(
  writer: Writer<Tx>,
  store: IdempotencyStore<Tx>,
  actor: string,
  key: string,
  request: Json,
): Once<Tx> {
  const requestHash = canonicalHash(request)

  async function replay(remembered: Remembered): Promise<Reply> {
    if (remembered.requestHash === requestHash) return remembered.reply
    throw new ProblemError({
      code: 'idempotency_mismatch',
      detail: 'This Idempotency-Key was used within the last 24 hours for another request.',
      next: 'Use a new key for a new request.',
    })
  }

  return {
    async run(handle) {
      const before = await store.find(actor, key)
      if (before) return replay(before)
      let committed: Reply | undefined
      const commit = (work: (tx: Tx) => Promise<Reply>) =>
        writer.write(async (tx) => {
          const other = await store.claim(tx, actor, key, requestHash)
          if (other) throw new AlreadyAnswered(other)
          const reply = await work(tx)
          if (reply.kind === 'json') await store.answer(tx, actor, key, reply)
          committed = reply
          return reply
        })
      try {
        const reply = await handle(commit)
        if (committed && reply !== committed && reply.kind === 'json') await store.update(actor, key, reply)
        return reply
      } catch (error) {
        if (error instanceof AlreadyAnswered) return replay(error.remembered)
        throw error
      }
    },
  }
}

/** The key of a request, or undefined; throws invalid_request when it cannot be one. */
export function idempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined
  if (/^[\x21-\x7e]{1,255}$/.test(header)) return header
  throw new ProblemError({
    code: 'invalid_request',
    detail: 'Idempotency-Key must be 1 to 255 visible ASCII characters.',
    next: 'Use a UUID.',
  })
}
