// What a provider or a machine refused is refused again, to the step that was refused and at no other: in front of its
// next call to the outside, so that the step makes of it what it makes of any fault.

import { RemoteFault } from '../bootstrap/remote.ts'
import type { StepContext, StepKind, StepOutcome } from '../engine/index.ts'
import type { JournalOutcome } from '../kernel/journal.ts'
import type { Clock } from '../kernel/seams.ts'
import { ProviderFault } from '../provider/fault.ts'
import type { Expected, Recording } from './recording.ts'

const ofProviders: Readonly<Record<string, ProviderFault['kind']>> = {
  provider_unreachable: 'transient',
  provider_denied: 'denied',
  provider_capacity: 'capacity',
  provider_rejected: 'rejected',
  resource_name_taken: 'nameTaken',
}
const ofMachines: Readonly<Record<string, RemoteFault['kind']>> = {
  host_key_changed: 'hostKeyChanged',
  login_denied: 'loginDenied',
  machine_unreachable: 'protocol',
  disk_full: 'noSpace',
}
/** How long a call may take until it is refused, ms; what is refused later is asked later. */
const mostCallMs = 5_000

/** Puts the recorded faults around every step kind. */
export function faultsOf(recording: Recording, clock: Clock): (real: StepKind) => StepKind {
  async function ensure(real: StepKind, ctx: StepContext): Promise<StepOutcome> {
    const fault = faultIn(await recording.expected(ctx.step.key), clock.now())
    if (fault === undefined) return real.ensure(ctx)
    const waitMs = fault.at - clock.now()
    // So that nothing it asks for now is there before it is refused.
    if (waitMs > mostCallMs) return { kind: 'wait', afterMs: mostCallMs, reason: 'it was refused later' }
    return real.ensure(refusing(ctx, fault.error, waitMs, clock))
  }
  return (real) => ({
    ...real,
    async ensure(ctx) {
      const outcome = await ensure(real, ctx)
      if (outcome.kind !== 'failed') return outcome
      // When it is tried again is left to chance; here it is in time for what came next.
      const { after } = await recording.expected(ctx.step.key)
      return after
        ? { ...outcome, retryAfterMs: Math.max(0, recording.due(after.at) - clock.now() - mostCallMs) }
        : outcome
    },
  })
}

function refusing(ctx: StepContext, error: Error, waitMs: number, clock: Clock): StepContext {
  return Object.create(ctx, {
    mayAct: {
      value: async () => {
        await ctx.mayAct()
        await clock.sleep(Math.max(0, waitMs), ctx.signal)
        throw error
      },
    },
  })
}

function faultIn({ last, next, at }: Expected, now: number): { error: Error; at: number } | undefined {
  const error = next && faultOf(next)
  if (error) return { error, at }
  // What was blocked stays so until it was not: it is tried again now and then, and nothing is written of that.
  const still = last?.outcome === 'blocked' && now < at - mostCallMs ? faultOf(last) : undefined
  return still && { error: still, at: now }
}

/** Undefined where no call was refused: what came of it came from elsewhere. */
function faultOf({ outcome, code, effect, detail }: JournalOutcome): Error | undefined {
  // A call that may have taken place is made, and its answer is lost: the cloud's to play.
  if (outcome === 'done' || code === null || effect === 'unknown') return undefined
  const says = detail ?? 'as recorded'
  const provider = ofProviders[code]
  if (provider) return new ProviderFault({ kind: provider, outcome: 'none' }, says)
  const machine = ofMachines[code]
  return machine && new RemoteFault(machine, says)
}
