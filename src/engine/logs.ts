// Step logs as people read them: redacted before they are stored. Redaction depends on the bytes alone,
// so after a crash the raw log is read again from its start and what is stored already is skipped.

import { redactor } from '../secrets/index.ts'
import { statement } from '../store/statement.ts'
import { fencedWrite, type RunState } from './state.ts'
import type { LogSink } from './step-kind.ts'

/** What is kept of one attempt's log, in characters; the rest is on the machine. */
const keptCharacters = 1024 * 1024

/** What stands at the end of a log that was cut. */
function cutNote(attemptId: string): string {
  return `\n[gantry: no more of this log is kept here; the machine has more: /var/lib/gantry/attempts/${attemptId}/log]\n`
}

export async function openLog(run: RunState, attemptId: string, secrets: readonly string[]): Promise<LogSink> {
  const redact = redactor(secrets)
  const stored = await storedCharacters(run, attemptId)
  let held: Uint8Array = new Uint8Array()
  let rawOffset = 0
  let produced = 0

  async function take(bytes: Uint8Array, last: boolean): Promise<string> {
    const given = Buffer.concat([held, bytes])
    const { redacted, consumed } = redact.scan(given, last)
    held = given.subarray(consumed)
    const text = redacted.toString('utf8')
    await store(text)
    return text
  }

  async function store(text: string): Promise<void> {
    const skip = Math.max(0, stored - produced)
    const at = produced + skip
    produced += text.length
    // The note makes what is stored longer than what is kept: so it is written once, whoever reads the log anew.
    if (at > keptCharacters) return
    const cut = at + text.length - skip > keptCharacters
    const chunk = text.slice(skip, skip + keptCharacters - at) + (cut ? cutNote(attemptId) : '')
    if (chunk.length === 0) return
    await fencedWrite(run, async (tx) => {
      const row = { attempt_id: attemptId, log_offset: at, chunk, at: run.deps.seams.clock.now() }
      await tx
        .insertInto('logs')
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    })
  }

  return {
    get rawOffset() {
      return rawOffset
    },
    push(bytes) {
      rawOffset += bytes.length
      return take(bytes, false)
    },
    async end() {
      await take(new Uint8Array(), true)
    },
  }
}

const selectLast = statement((db, { attemptId }: { attemptId: string }) =>
  db
    .selectFrom('logs')
    .select(['log_offset', 'chunk'])
    .where('attempt_id', '=', attemptId)
    .orderBy('log_offset', 'desc')
    .limit(1),
)

async function storedCharacters(run: RunState, attemptId: string): Promise<number> {
  const last = await selectLast.first(run.deps.store.read, { attemptId })
  return last ? last.log_offset + last.chunk.length : 0
}
