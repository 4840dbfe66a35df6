// A gate lets through what needs it once its check has passed often enough in a row, observed after its
// own needs were met. A failing check is not a failure: it is the answer "not yet", until the deadline.

import { z } from 'zod'
import type { Remote } from '../bootstrap/remote.ts'
import type { StepKind } from '../engine/step-kind.ts'
import { runAttempt } from './attempt.ts'
import { windUpAttempt } from './wind-up.ts'

const memoSchema = z.object({ passes: z.number() }).nullable()
/** Between passes that count towards the same gate. */
const betweenPassesMs = 1_000

export function gateStep({ remote }: { readonly remote: Remote }): StepKind {
  return {
    kind: 'gate',
    revision: 1,
    windUp: (ctx, attempt) => windUpAttempt(ctx, remote, attempt),
    async ensure(ctx) {
      const { step } = ctx
      if (step.kind !== 'gate') throw new Error(`not a gate: ${step.key}`)
      const result = await runAttempt(ctx, remote, step.input, step.on)
      if (result.kind === 'not') return result.outcome
      const passed = result.kind === 'ended' && result.exitCode === 0
      const exitCode = result.kind === 'ended' ? result.exitCode : null
      ctx.endAttempt(passed ? 'done' : 'failed', exitCode, result.kind === 'ended' ? result.tail : result.detail)
      const passes = passed ? (memoSchema.parse(ctx.memo)?.passes ?? 0) + 1 : 0
      if (passes >= step.passes) return { kind: 'done' }
      if (passed || ctx.memo !== null) await ctx.setMemo(passed ? { passes } : null)
      if (passed) return { kind: 'wait', afterMs: betweenPassesMs, reason: `passed ${passes} of ${step.passes} times` }
      const why = result.kind === 'ended' && result.tail !== '' ? result.tail : `exit code ${exitCode ?? 'unknown'}`
      return { kind: 'wait', afterMs: Math.min(step.everyMs, 2_000), reason: `not healthy yet: ${why}` }
    },
  }
}
