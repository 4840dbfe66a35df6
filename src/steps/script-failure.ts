// A script that has ended, and not as it should.

import type { ScriptStep } from '../blueprints/plan-types.ts'
import type { StepContext, StepOutcome } from '../engine/step-kind.ts'
import type { AttemptResult } from './attempt.ts'

/** Ends the attempt as failed; `what` completes the sentence "<script> on <member> ...". */
export async function failure(
  ctx: StepContext,
  step: ScriptStep,
  result: Extract<AttemptResult, { kind: 'ended' }>,
  what: string,
): Promise<StepOutcome> {
  const detail = `${step.input.path} on ${result.attempt.executor} ${what}${result.tail === '' ? '.' : `: ${result.tail}`}`
  ctx.endAttempt('failed', result.exitCode, detail)
  return {
    kind: 'failed',
    problem: {
      code: 'script_failed',
      detail,
      facts: { step: step.key, member: result.attempt.executor, exitCode: result.exitCode, attempt: result.attempt.id },
      next: `Read its log: gantry logs ${ctx.platformName} ${result.attempt.executor.split('@')[0]} ${step.key.split('/').at(-1)}`,
    },
  }
}
