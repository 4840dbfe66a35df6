// One script attempt, from wherever it stands: recorded, started at most once, followed, and taken the
// result of. What a dead process left behind and what this one began are the same to it.

import type { Executor, ScriptInput } from '../blueprints/plan-types.ts'
import { type AttemptStatus, type Remote, RemoteFault, type RemoteTarget } from '../bootstrap/remote.ts'
import type { LogSink, RecordedAttempt, ResolvedInput, StepContext, StepOutcome } from '../engine/step-kind.ts'
import { unreachable } from '../kernel/unreachable.ts'
import { remoteOutcome } from './fault-problem.ts'
import { targetOf } from './target.ts'

export type AttemptResult =
  | {
      readonly kind: 'ended'
      readonly exitCode: number
      readonly outputs: Readonly<Record<string, string>>
      readonly attempt: RecordedAttempt
      readonly tail: string
    }
  | { readonly kind: 'lost'; readonly detail: string; readonly attempt: RecordedAttempt }
  | { readonly kind: 'not'; readonly outcome: Exclude<StepOutcome, { kind: 'done' }> }

/** How long one look waits on the machine for the end of a script. */
const lookMs = 2_000
const logPieceBytes = 256 * 1024
const nobodyMs = 1_000
const tailCharacters = 2_000

/** Follows the attempt in flight, or records and starts a new one, until it has ended, is lost, or cannot be spoken to. */
export async function runAttempt(
  ctx: StepContext,
  remote: Remote,
  script: ScriptInput,
  on: Executor,
): Promise<AttemptResult> {
  const left = ctx.inFlight
  if (left && !ctx.knows(left.executor)) ctx.endAttempt('abandoned', null, `${left.executor} is gone`)
  const executor = ctx.inFlight?.executor ?? ctx.executor()
  if (executor === null)
    return not({
      kind: 'wait',
      afterMs: nobodyMs,
      reason: on.kind === 'anyHealthy' ? `no healthy ${on.group} to run it on` : 'nobody to run it on',
    })
  if (ctx.inFlight && on.kind === 'anyHealthy' && !ctx.answers(executor)) {
    ctx.endAttempt('abandoned', null, `${executor} does not answer`)
    return not({ kind: 'wait', afterMs: 0, reason: `${executor} does not answer; another one is taken` })
  }
  const resolved = await ctx.resolve(executor)
  if (resolved.kind !== 'resolved') return not(resolved)
  const fresh = ctx.inFlight === null
  const attempt = ctx.inFlight ?? (await ctx.recordAttempt(executor))
  const target = await targetOf(ctx, ctx.machine(executor))
  try {
    const first = fresh ? undefined : await looked(ctx, remote, target, attempt)
    const begun =
      first === undefined || first.kind === 'absent'
        ? await started(ctx, remote, target, attempt, script, resolved.input)
        : first
    return await followed(ctx, remote, target, attempt, resolved.input, begun)
  } catch (error) {
    if (error instanceof RemoteFault) return not(remoteOutcome(error, { member: executor, step: ctx.step.key }))
    throw error
  }
}

async function looked(
  ctx: StepContext,
  remote: Remote,
  target: RemoteTarget,
  attempt: RecordedAttempt,
): Promise<AttemptStatus> {
  await ctx.mayAct()
  return remote.look(target, attempt.id, 0, ctx.signal)
}

async function started(
  ctx: StepContext,
  remote: Remote,
  target: RemoteTarget,
  attempt: RecordedAttempt,
  script: ScriptInput,
  input: ResolvedInput,
): Promise<AttemptStatus> {
  await ctx.mayAct()
  return remote.start(
    target,
    {
      id: attempt.id,
      stepKey: ctx.step.key,
      fence: ctx.fence,
      fenceScope: ctx.platformId,
      script: ctx.script(script.path),
      env: input.env,
      secretEnv: input.secretEnv,
      timeoutMs: Math.max(1_000, ctx.deadlineAt - ctx.seams.clock.now()),
    },
    lookMs,
    ctx.signal,
  )
}

async function followed(
  ctx: StepContext,
  remote: Remote,
  target: RemoteTarget,
  attempt: RecordedAttempt,
  input: ResolvedInput,
  begun: AttemptStatus,
): Promise<AttemptResult> {
  const log = await ctx.openLog(attempt.id, Object.values(input.secretEnv))
  let tail = ''
  let status = begun
  for (;;) {
    switch (status.kind) {
      case 'absent':
        return not({ kind: 'wait', afterMs: 500, reason: 'the attempt is not on the machine yet' })
      case 'running':
        tail = await copied(ctx, remote, target, attempt, log, status.logBytes, tail)
        await ctx.mayAct()
        status = await remote.look(target, attempt.id, lookMs, ctx.signal)
        break
      case 'ended':
        tail = await copied(ctx, remote, target, attempt, log, status.logBytes, tail)
        await log.end()
        return { kind: 'ended', exitCode: status.exitCode, outputs: status.outputs, attempt, tail: lastLine(tail) }
      case 'lost':
        return { kind: 'lost', detail: status.detail, attempt }
      default:
        return unreachable(status)
    }
  }
}

/** Copies what the log has beyond what was taken; answers its last characters. */
async function copied(
  ctx: StepContext,
  remote: Remote,
  target: RemoteTarget,
  attempt: RecordedAttempt,
  log: LogSink,
  logBytes: number,
  before: string,
): Promise<string> {
  let tail = before
  while (log.rawOffset < logBytes) {
    const bytes = await remote.log(target, attempt.id, log.rawOffset, logPieceBytes, ctx.signal)
    if (bytes.length === 0) break
    tail = (tail + (await log.push(bytes))).slice(-tailCharacters)
  }
  return tail
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1)?.trim() ?? ''
}

function not(outcome: Exclude<StepOutcome, { kind: 'done' }>): AttemptResult {
  return { kind: 'not', outcome }
}
