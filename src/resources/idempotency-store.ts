import { type IdempotencyStore, type Remembered, rememberMs } from '../http/idempotency.ts'
import type { JsonReply } from '../http/reply.ts'
import { z } from '../http/schema.ts'
import type { Seams } from '../kernel/seams.ts'
import type { IdempotencyTable, Store, Tx } from '../store/index.ts'

const headersSchema = z.record(z.string(), z.string())

/** Answers remembered in the database, in the transaction of the change they tell of. */
export function idempotencyStore(store: Store, seams: Seams): IdempotencyStore<Tx> {
  const oldest = () => seams.clock.now() - rememberMs

  return {
    async find(actor, key) {
      const row = await store.read
        .selectFrom('idempotency')
        .selectAll()
        .where('actor', '=', actor)
        .where('key', '=', key)
        .where('created_at', '>', oldest())
        .executeTakeFirst()
      return row && remembered(row)
    },

    async claim(tx, actor, key, requestHash) {
      await tx.deleteFrom('idempotency').where('created_at', '<=', oldest()).execute()
      const claimed = await tx
        .insertInto('idempotency')
        .values({ actor, key, request_hash: requestHash, ...columns(pending), created_at: seams.clock.now() })
        .onConflict((conflict) => conflict.doNothing())
        .returning('key')
        .executeTakeFirst()
      if (claimed) return undefined
      const row = await tx
        .selectFrom('idempotency')
        .selectAll()
        .where('actor', '=', actor)
        .where('key', '=', key)
        .executeTakeFirstOrThrow()
      return remembered(row)
    },

    answer: (tx, actor, key, reply) => write(tx, actor, key, reply),
    update: (actor, key, reply) => store.write((tx) => write(tx, actor, key, reply)),
  }
}

/** Stands in a claim until the same transaction writes the answer; never committed. */
const pending: JsonReply = { kind: 'json', status: 0, body: undefined, headers: {} }

async function write(tx: Tx, actor: string, key: string, reply: JsonReply): Promise<void> {
  await tx.updateTable('idempotency').set(columns(reply)).where('actor', '=', actor).where('key', '=', key).execute()
}

function columns(reply: JsonReply) {
  return {
    status: reply.status,
    headers: JSON.stringify(reply.headers),
    body: reply.body === undefined ? '' : JSON.stringify(reply.body),
  }
}

function remembered(row: IdempotencyTable): Remembered {
  return {
    requestHash: row.request_hash,
    reply: {
      kind: 'json',
      status: row.status,
      body: row.body === '' ? undefined : JSON.parse(row.body),
      headers: headersSchema.parse(JSON.parse(row.headers)),
    },
  }
}
