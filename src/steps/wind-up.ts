// The end of an attempt that nobody asks for any more: stopped if it has not begun, else let go to its own end.

import { type Remote, RemoteFault } from '../bootstrap/remote.ts'
import type { AttemptEnding, RecordedAttempt, WindUpContext } from '../engine/step-kind.ts'
import { stoppedBefore } from '../kernel/journal.ts'
import { unreachable } from '../kernel/unreachable.ts'
import { targetOf } from './target.ts'

/** Sees to it that an attempt nobody asks for any more does not begin, and answers how it ended; undefined while it runs. */
export async function windUpAttempt(
  ctx: WindUpContext,
  remote: Remote,
  { id, executor }: RecordedAttempt,
): Promise<AttemptEnding | undefined> {
  const target = await targetOf(ctx, ctx.machine(executor))
  await ctx.mayAct()
  try {
    const status = await remote.stop(target, { id, fence: ctx.fence, fenceScope: ctx.platformId }, ctx.signal)
    switch (status.kind) {
      case 'stopped':
        return { outcome: 'abandoned', exitCode: null, detail: stoppedBefore }
      case 'ended':
        return { outcome: status.exitCode === 0 ? 'done' : 'failed', exitCode: status.exitCode, detail: null }
      case 'lost':
        return { outcome: 'lost', exitCode: null, detail: status.detail }
      case 'absent':
      case 'running':
        return undefined
      default:
        return unreachable(status)
    }
  } catch (error) {
    if (error instanceof RemoteFault) return undefined
    throw error
  }
}
