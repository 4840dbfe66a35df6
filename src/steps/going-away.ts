// What leave and drain do beyond other scripts: a notice before they run, for those who use the member to turn elsewhere, and
// BOSH's dynamic drain: the script prints how many seconds to wait; a negative number means "then call me again".
// https://bosh.io/docs/drain/

import { z } from 'zod'
import type { ScriptStep } from '../blueprints/plan-types.ts'
import type { StepContext, StepOutcome } from '../engine/step-kind.ts'
import type { AttemptResult } from './attempt.ts'
import { failure } from './script-failure.ts'

const memoSchema = z
  .union([
    /** ms since 1970. */
    z.object({ noticedAt: z.number() }),
    /** The script has said so; `again`: it is run once more at `until`, ms since 1970. */
    z.object({ until: z.number(), again: z.boolean() }),
  ])
  .nullable()

/** Longer than a day a script is not believed to mean. */
const longestS = 86_400

/** What comes instead of running the script now; null: run it. */
export async function resting(ctx: StepContext, step: ScriptStep): Promise<StepOutcome | null> {
  if (step.noticeMs === undefined && !step.dynamic) return null
  const now = ctx.seams.clock.now()
  const memo = memoSchema.safeParse(ctx.memo).data ?? null
  if (memo !== null && 'until' in memo) return said(ctx, memo, now)
  if (step.noticeMs === undefined || ctx.inFlight !== null) return null
  // Nobody uses what does not answer.
  if (step.subject !== null && !(ctx.knows(step.subject) && ctx.answers(step.subject))) return null
  if (memo === null) await ctx.setMemo({ noticedAt: now })
  const leftMs = step.noticeMs - (memo === null ? 0 : Math.max(0, now - memo.noticedAt))
  if (leftMs <= 0) return null
  return {
    kind: 'wait',
    afterMs: leftMs,
    reason: `${step.subject ?? 'it'} is out of the outputs; its users have notice`,
  }
}

async function said(
  ctx: StepContext,
  { until, again }: { readonly until: number; readonly again: boolean },
  now: number,
): Promise<StepOutcome> {
  if (now < until) return { kind: 'wait', afterMs: until - now, reason: 'it drains, and has said how long' }
  if (ctx.inFlight !== null) ctx.endAttempt('done', 0, null)
  if (!again) return { kind: 'done' }
  // Notice was given already.
  await ctx.setMemo({ noticedAt: 0 })
  return { kind: 'wait', afterMs: 0, reason: 'it asked to be called again' }
}

/** A dynamic script has ended well: what it printed last is how long to wait. */
export async function asItSays(
  ctx: StepContext,
  step: ScriptStep,
  result: Extract<AttemptResult, { kind: 'ended' }>,
): Promise<StepOutcome> {
  const seconds = /^-?[0-9]{1,6}$/.test(result.tail) ? Number(result.tail) : Number.NaN
  if (!(Math.abs(seconds) <= longestS)) {
    return failure(ctx, step, result, 'is dynamic and must print a whole number of seconds as its last line')
  }
  const waitMs = Math.abs(seconds) * 1000
  if (waitMs === 0) {
    ctx.endAttempt('done', 0, null)
    return { kind: 'done' }
  }
  // The memo first: a crash in between reads the same end again, and waits anew.
  await ctx.setMemo({ until: ctx.seams.clock.now() + waitMs, again: seconds < 0 })
  ctx.endAttempt('done', 0, null)
  return { kind: 'wait', afterMs: waitMs, reason: `it drains for ${Math.abs(seconds)} s` }
}
