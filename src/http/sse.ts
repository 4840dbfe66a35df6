// Server-sent events by hand: a few lines, and back-pressure by the stream's own pull, so that a slow watcher costs
// one event in memory and not a queue.

import type { StreamReply } from './reply.ts'

/** The response of a stream; a heartbeat is a comment line, so that proxies keep the connection. */
export function streamResponse(reply: StreamReply, headers: Record<string, string>): Response {
  const events = reply.events[Symbol.asyncIterator]()
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await events.next()
      if (next.done) return controller.close()
      controller.enqueue(encoder.encode(frame(next.value)))
    },
    async cancel() {
      await events.return?.()
    },
  })
  return new Response(body, {
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', ...headers },
  })
}

function frame(event: { id: string; event: string; data: string } | 'heartbeat'): string {
  if (event === 'heartbeat') return ':\n\n'
  return `id: ${event.id}\nevent: ${event.event}\ndata: ${event.data.replaceAll('\n', '\ndata: ')}\n\n`
}
