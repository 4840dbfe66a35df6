// A script on a machine, convergent by contract: run again after a failure it must be safe.

import type { ScriptStep } from '../blueprints/plan-types.ts'
import type { Remote } from '../bootstrap/remote.ts'
import type { StepContext, StepKind, StepOutcome } from '../engine/step-kind.ts'
import { unreachable } from '../kernel/unreachable.ts'
import { type AttemptResult, runAttempt } from './attempt.ts'
import { asItSays, resting } from './going-away.ts'
import { failure } from './script-failure.ts'
import { windUpAttempt } from './wind-up.ts'

export function scriptStep({ remote }: { readonly remote: Remote }): StepKind {
  return {
    kind: 'script',
    revision: 1,
    windUp: (ctx, attempt) => windUpAttempt(ctx, remote, attempt),
    async ensure(ctx) {
      const { step } = ctx
      if (step.kind !== 'script') throw new Error(`not a script step: ${step.key}`)
      const rest = await resting(ctx, step)
      if (rest !== null) return rest
      const result = await runAttempt(ctx, remote, step.input, step.on)
      switch (result.kind) {
        case 'not':
          return result.outcome
        case 'lost':
          return lost(ctx, step, result)
        case 'ended':
          return ended(ctx, step, result)
        default:
          return unreachable(result)
      }
    },
  }
}

async function ended(
  ctx: StepContext,
  step: ScriptStep,
  result: Extract<AttemptResult, { kind: 'ended' }>,
): Promise<StepOutcome> {
  const outdated = result.attempt.fingerprint !== ctx.fingerprint
  if (result.exitCode === 0) {
    const missing = Object.keys(step.input.outputs).filter((name) => result.outputs[name] === undefined)
    if (missing.length > 0) return failure(ctx, step, result, `gave no output ${missing.join(', ')}`)
    if (step.dynamic && !outdated) return asItSays(ctx, step, result)
    ctx.endAttempt('done', 0, null)
    // It did what an earlier plan asked; what is asked now is another attempt.
    if (outdated) return { kind: 'wait', afterMs: 0, reason: 'an attempt for an earlier plan has ended' }
    return { kind: 'done', outputs: declared(step, result.outputs) }
  }
  return failure(
    ctx,
    step,
    result,
    result.exitCode === 124 ? 'ran out of time' : `ended with exit code ${result.exitCode}`,
  )
}

async function lost(
  ctx: StepContext,
  step: ScriptStep,
  result: Extract<AttemptResult, { kind: 'lost' }>,
): Promise<StepOutcome> {
  ctx.endAttempt('lost', null, result.detail)
  const problem = {
    code: 'attempt_lost' as const,
    detail: `${step.input.path} on ${result.attempt.executor} was cut off: ${result.detail}`,
    facts: { step: step.key, member: result.attempt.executor, attempt: result.attempt.id },
  }
  switch (step.onLost) {
    case 'rerun':
      return { kind: 'failed', problem: { ...problem, next: 'It is run again by itself.' } }
    case 'block':
      return {
        kind: 'blocked',
        problem: {
          ...problem,
          next: `Look at the machine. Deleted at its provider, it is replaced by itself; otherwise the script is tried again every 5 minutes, and at once by:  gantry platform retry ${ctx.platformName}`,
        },
      }
    case 'replaceMachine':
      return {
        kind: 'blocked',
        problem: { ...problem, code: 'machine_dead', next: 'The machine is replaced by itself.' },
      }
    default:
      return unreachable(step.onLost)
  }
}

function declared(
  step: ScriptStep,
  given: Readonly<Record<string, string>>,
): Record<string, { value: string; secret: boolean }> {
  const outputs: Record<string, { value: string; secret: boolean }> = {}
  for (const [name, kind] of Object.entries(step.input.outputs)) {
    const value = given[name]
    if (value !== undefined) outputs[name] = { value, secret: kind === 'secret' }
  }
  return outputs
}
