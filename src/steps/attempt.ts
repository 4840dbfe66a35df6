// One script attempt, from wherever it stands: recorded, started at most once, followed, and taken the
// result of. What a dead process left behind and what this one began are the same to it.

import type { Executor, ScriptInput } from '../blueprints/plan-types.ts'
import {
  type AttemptStatus,
  type Remote,
  RemoteFault,
  type RemoteTarget,
  type ScriptAttempt,
} from '../bootstrap/remote.ts'
import type { LogSink, RecordedAttempt, ResolvedInput, StepContext, StepOutcome } from '../engine/step-kind.ts'
import { stoppedBefore } from '../kernel/journal.ts'
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
/** A machine keeps no more than 16 MiB of a log; what one says beyond that is not believed. */
const mostLogBytes = 16 * 1024 * 1024
/** After its deadline a script is ended by the runner: SIGTERM, 10 s, SIGKILL. */
const endsLateMs = 30_000
const tailCharacters = 2_000

/** Follows the attempt in flight, or records and starts a new one, until it has ended, is lost, or cannot be spoken to. */
export async function runAttempt(
  ctx: StepContext,
  remote: Remote,
  script: ScriptInput,
  on: Executor,
): Promise<AttemptResult> {
  const left = ctx.inFlight
  const trouble = left && troubleOf(ctx, left, on)
  if (left && trouble) {
    const detail = `${left.executor} ${trouble}`
    // Whoever said that a lost attempt is a person's to judge wants no other one beside it either.
    if (on.kind === 'anyHealthy' && ctx.step.kind === 'script' && ctx.step.onLost === 'block')
      return { kind: 'lost', detail, attempt: left }
    ctx.endAttempt('abandoned', null, detail)
    if (on.kind === 'anyHealthy') return not({ kind: 'wait', afterMs: 0, reason: `${detail}; another one is taken` })
  }
  const executor = ctx.inFlight?.executor ?? ctx.executor()
  if (executor === null)
    return not({
      kind: 'wait',
      afterMs: nobodyMs,
      reason: on.kind === 'anyHealthy' ? `no healthy ${on.group} to run it on` : 'nobody to run it on',
    })
  const resolved = await ctx.resolve(executor)
  if (resolved.kind !== 'resolved') return not(resolved)
  const target = await targetOf(ctx, ctx.machine(executor))
  try {
    const begun = await standing(ctx, remote, target)
    if (begun.kind === 'stopped') {
      ctx.endAttempt('abandoned', null, stoppedBefore)
      return not({ kind: 'wait', afterMs: 0, reason: 'an attempt for an earlier plan was stopped before it began' })
    }
    if (begun.kind !== 'absent' && ctx.inFlight)
      return await followed(ctx, remote, target, ctx.inFlight, resolved.input, begun)
    const { attempt, behind } = await ctx.recordJourney(executor)
    const first = scriptAttempt(
      ctx,
      ctx.step.key,
      script,
      attempt,
      resolved.input,
      ctx.deadlineAt - ctx.seams.clock.now(),
    )
    const rest = behind.map(({ step, attempt: later, input }) =>
      scriptAttempt(ctx, step.key, step.input, later, input, step.deadlineMs),
    )
    await ctx.mayAct()
    const started = await remote.start(target, [first, ...rest], lookMs, ctx.signal)
    return await followed(ctx, remote, target, attempt, resolved.input, started)
  } catch (error) {
    if (error instanceof RemoteFault) return not(remoteOutcome(error, { member: executor, step: ctx.step.key }))
    throw error
  }
}

/** What keeps an attempt in flight from being followed; a machine of its own may answer again, another's is not waited for. */
function troubleOf(ctx: StepContext, { executor }: RecordedAttempt, on: Executor): string | undefined {
  if (!ctx.knows(executor)) return 'is gone'
  return on.kind === 'anyHealthy' && !ctx.answers(executor) ? 'does not answer' : undefined
}

/** Where the attempt in flight stands; absent when there is none. One for an earlier target must not begin any more. */
async function standing(ctx: StepContext, remote: Remote, target: RemoteTarget): Promise<AttemptStatus> {
  const left = ctx.inFlight
  if (left === null) return { kind: 'absent' }
  await ctx.mayAct()
  if (left.fingerprint === ctx.fingerprint) return remote.look(target, left.id, 0, ctx.signal)
  return remote.stop(target, { id: left.id, fence: ctx.fence, fenceScope: ctx.platformId }, ctx.signal)
}

function scriptAttempt(
  ctx: StepContext,
  stepKey: string,
  script: ScriptInput,
  { id }: RecordedAttempt,
  input: ResolvedInput,
  leftMs: number,
): ScriptAttempt {
  return {
    id,
    stepKey,
    fence: ctx.fence,
    fenceScope: ctx.platformId,
    script: ctx.script(script),
    env: input.env,
    secretEnv: input.secretEnv,
    timeoutMs: Math.max(1_000, leftMs),
    mustGive: Object.keys(script.outputs),
  }
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
      case 'stopped':
        return not({ kind: 'wait', afterMs: 500, reason: 'the attempt is not on the machine yet' })
      case 'running':
        tail = await copied(ctx, remote, target, attempt, log, status.logBytes, tail)
        // The machine ends it by its clock; one that still says "running" long after has no clock to be trusted.
        if (ctx.seams.clock.now() > ctx.deadlineAt + endsLateMs)
          return not({ kind: 'wait', afterMs: lookMs, reason: 'it runs on after its deadline, or its machine says so' })
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
  const last = Math.min(logBytes, mostLogBytes)
  while (log.rawOffset < last) {
    await ctx.mayAct()
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
