// A file as a response: one piece in memory, whatever its size and however slow its reader.

import type { BytesReply } from './reply.ts'

export function bytesResponse(reply: BytesReply, headers: Record<string, string>): Response {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(reply.first),
    async pull(controller) {
      const next = await reply.pieces.next()
      if (next.done) controller.close()
      else controller.enqueue(next.value)
    },
    async cancel() {
      await reply.pieces.return?.()
    },
  })
  return new Response(body, {
    headers: { ...headers, 'content-type': reply.contentType, 'cache-control': 'no-store' },
  })
}
