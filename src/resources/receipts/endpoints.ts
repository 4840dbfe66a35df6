import { decodeCursor, encodeCursor, pageQuery } from '../../http/cursor.ts'
import { ok } from '../../http/reply.ts'
import { id, z } from '../../http/schema.ts'
import { endpoint, installation } from '../endpoint.ts'
import { Receipt, ReceiptList } from './schemas.ts'
import { getReceipt, listReceipts, receiptView } from './store.ts'

const receiptId = id('receipt')

export const receiptEndpoints = [
  endpoint({
    method: 'get',
    path: '/v1/receipts',
    operationId: 'listReceipts',
    summary: 'List deletion receipts, the newest first',
    tag: 'receipts',
    permission: 'platform.read',
    about: installation,
    query: z.strictObject({ ...pageQuery, platform: id('platform').optional() }),
    answers: { 200: { description: 'A page of receipts.', schema: ReceiptList } },
    problems: [],
    async handle({ store }, { scope, query: { cursor, limit, platform } }) {
      const before = decodeCursor(cursor, z.tuple([receiptId]))?.[0]
      const rows = await listReceipts(store.read, scope, { platform, before, limit: limit + 1 })
      const last = rows.length > limit ? rows[limit - 1] : undefined
      const items = await Promise.all(rows.slice(0, limit).map((row) => receiptView(store.read, row)))
      return ok({ items, next: last ? encodeCursor([last.id]) : null })
    },
  }),
  endpoint({
    method: 'get',
    path: '/v1/receipts/{receipt}',
    operationId: 'getReceipt',
    summary: 'Show a deletion receipt: each object and what proved it gone',
    tag: 'receipts',
    permission: 'platform.read',
    about: ({ receipt }) => ({ kind: 'receipt', id: receipt }),
    params: z.object({ receipt: receiptId }),
    answers: { 200: { description: 'The receipt.', schema: Receipt } },
    problems: [],
    async handle({ store }, { scope, params }) {
      return ok(await receiptView(store.read, await getReceipt(store.read, scope, params.receipt)))
    },
  }),
]
