// A machine present or absent at its provider. It looks, then acts; what it says about the world is what
// the provider was seen to say, and "gone" is written only where the provider's rules make it certain.

import { z } from 'zod'
import type { GoneProof, MachineFacts, StepContext, StepKind, StepOutcome } from '../engine/step-kind.ts'
import type { ProviderId } from '../kernel/ids.ts'
import { jittered } from '../kernel/seams.ts'
import { unreachable } from '../kernel/unreachable.ts'
import { lookedAgain } from '../kernel/watched.ts'
import type { NativeRef, Observed, ResourceKey, Session } from '../provider/contract.ts'
import { ProviderFault } from '../provider/fault.ts'
import type { Looker } from '../provider/look.ts'
import { type StoredRequest, storedRequestSchema } from '../provider/request.ts'
import { HeldBack } from '../provider/weather.ts'
import { providerOutcome } from './fault-problem.ts'

export interface Providers {
  /** Throws ProviderFault when the provider cannot be reached or refuses us. */
  open(id: ProviderId): Promise<{ readonly session: Session; readonly looker: Looker }>
}

const pollMs = 300

export function machineStep(providers: Providers): StepKind {
  return {
    kind: 'machine',
    revision: 1,
    async ensure(ctx) {
      if (ctx.step.kind !== 'machine') throw new Error(`not a machine step: ${ctx.step.key}`)
      const machine = ctx.machine(ctx.step.input.member)
      try {
        return ctx.step.want === 'present' ? await present(ctx, machine) : await absent(ctx, machine)
      } catch (error) {
        if (error instanceof HeldBack) return heldBack(error, ctx, machine)
        if (error instanceof ProviderFault)
          return providerOutcome(error, { machine: machine.id, member: machine.member, zone: machine.zone })
        throw error
      }
    },
  }

  async function present(ctx: StepContext, machine: MachineFacts): Promise<StepOutcome> {
    const { session, looker } = await providers.open(machine.providerId)
    const request = storedRequestSchema.parse(JSON.parse(machine.spec))
    const sight = await look(ctx, looker, request, machine)
    const [found, double] = machinesOf(sight)
    if (double) return dead(machine, 'the provider has two machines of one key')
    if (found && isAnother(machine, found))
      return dead(machine, `the provider has another machine of its key: ${found.ref}`)
    if (found && !found.unfinished) return judged(ctx, machine, found, sight)
    if (!found && machine.nativeRef !== null) return unseen(ctx, session, machine, sight)
    const repeatable = session.capabilities.createIdempotency !== 'none'
    if (
      !found &&
      machine.createSentAt !== null &&
      !repeatable &&
      (await seenForMs(ctx, 'absent', sight)) < session.capabilities.settleMs
    ) {
      return { kind: 'wait', afterMs: pollMs, reason: 'an earlier create may still take effect' }
    }
    if (ctx.memo !== null) await ctx.setMemo(null)
    const privateKeyPem = await ctx.secret(machine.hostKeySecret)
    await ctx.markCreateSent(machine.member)
    await ctx.mayAct()
    const ref = await session.create(
      keyOf(machine),
      { ...request, own: request.own, hostKey: { ...request.hostKey, privateKeyPem } },
      ctx.signal,
    )
    await ctx.noteMachine(machine.member, { nativeRef: ref })
    const after = await look(ctx, looker, request, machine)
    const [made] = machinesOf(after)
    return made
      ? judged(ctx, machine, made, after)
      : { kind: 'wait', afterMs: pollMs, reason: 'the provider does not show it yet' }
  }

  async function absent(ctx: StepContext, machine: MachineFacts): Promise<StepOutcome> {
    if (machine.createSentAt === null) return gone(machine, 'neverSent', ctx.seams.clock.now())
    const { session, looker } = await providers.open(machine.providerId)
    const request = storedRequestSchema.parse(JSON.parse(machine.spec))
    const sight = await look(ctx, looker, request, machine)
    if (sight.objects.length > 0) {
      if (ctx.memo !== null) await ctx.setMemo(null)
      if (!(await ctx.mayDestroy()))
        return { kind: 'wait', afterMs: reportOnlyMs, reason: 'the installation only reports: it destroys nothing' }
      await ctx.mayAct()
      if (sight.objects.some((object) => object.state !== 'deleting'))
        await session.destroy(request.owner, keyOf(machine), ctx.signal)
      return { kind: 'wait', afterMs: pollMs, reason: 'the provider is deleting it' }
    }
    const { lookup, settleMs } = session.capabilities
    if (lookup === 'consistent' && machine.nativeRef !== null)
      return gone(machine, 'absentByConsistentLookup', sight.askedAt)
    if ((await seenForMs(ctx, 'absent', sight)) >= settleMs) return gone(machine, 'absentForSettle', sight.askedAt)
    return {
      kind: 'wait',
      afterMs: Math.max(pollMs, Math.min(settleMs, 5_000)),
      reason: `absent; a late create is ruled out after ${Math.ceil(settleMs / 1000)} s`,
    }
  }
}

/** How long a step rests at most before it asks whether its provider may be called again, ms. */
const weatherPollMs = 300_000

/** Nothing was sent, so nothing failed: the step waits for the weather, and past its deadline says who can mend it. */
function heldBack(fault: HeldBack, ctx: StepContext, machine: MachineFacts): StepOutcome {
  const told = providerOutcome(fault, { machine: machine.id, member: machine.member, zone: machine.zone })
  if (told.kind === 'failed' && ctx.seams.clock.now() >= ctx.deadlineAt) return { ...told, kind: 'blocked' }
  // The longer it lasts, the less often: thousands may wait. When scans see the provider answer, all are told at once.
  const rest = Math.max(pollMs, fault.retryAfterMs ?? 0, fault.lastsMs / 4)
  return { kind: 'wait', afterMs: jittered(ctx.seams.random, Math.min(weatherPollMs, rest)), reason: fault.message }
}

/** How soon an installation that only reports is asked again whether it may act. */
export const reportOnlyMs = 10_000

/** What is there and does not run is dead once it was seen so for this long; care waits as long. */
const illMs = 10_000
/** What its provider calls failed rarely comes back, but a call in the middle of a start may say so once. */
const failedMs = 1_500

const memoSchema = z.object({ what: z.enum(['absent', 'ill']), lastsMs: z.number(), at: z.number() }).nullable()
/** So much of the time between two looks counts as seen: more than lies between two of ours. */
const gapMs = 10_000

/** What a look found. It was so at some moment after it was asked for; how long the answer took, nobody can tell from it. */
interface Sight {
  /** ms since 1970. */
  readonly askedAt: number
  readonly objects: readonly Observed[]
}

/** For how many ms it has been so, as far as this step has looked; kept, so that a restart need not begin anew. */
async function seenForMs(ctx: StepContext, what: 'absent' | 'ill', { askedAt }: Sight): Promise<number> {
  const before = memoSchema.parse(ctx.memo)
  const watch = lookedAgain(before?.what === what ? before : null, askedAt, gapMs)
  await ctx.setMemo({ what, ...watch })
  return watch.lastsMs
}

/** It was there and is not seen now: lost, or a look that lags. */
async function unseen(ctx: StepContext, session: Session, machine: MachineFacts, sight: Sight): Promise<StepOutcome> {
  const { lookup, settleMs } = session.capabilities
  if (lookup === 'consistent' || (await seenForMs(ctx, 'absent', sight)) >= settleMs)
    return dead(machine, 'the provider has it no more')
  return { kind: 'wait', afterMs: pollMs, reason: 'the provider does not show it; its lookups may lag' }
}

async function look(ctx: StepContext, looker: Looker, request: StoredRequest, machine: MachineFacts): Promise<Sight> {
  await ctx.mayAct()
  const askedAt = ctx.seams.clock.now()
  const objects = await looker.look(
    request.owner,
    keyOf(machine),
    (machine.nativeRef ?? undefined) as NativeRef | undefined,
    ctx.signal,
  )
  const stranger = objects.find((object) => object.owner !== request.owner)
  if (stranger)
    throw new ProviderFault(
      { kind: 'nameTaken', outcome: 'none' },
      `${stranger.ref} has the name of ${machine.member} but is not ours`,
    )
  return { askedAt, objects }
}

function machinesOf({ objects }: Sight): readonly Observed[] {
  return objects.filter((object) => object.kind === 'machine')
}

/**
 * What is found under its key is not the one on which steps have run: a create that came twice or late. Before any step
 * ran, one of a key is as good as the other.
 */
function isAnother({ state, nativeRef }: MachineFacts, { ref }: Observed): boolean {
  return nativeRef !== null && ref !== nativeRef && state !== 'planned' && state !== 'creating'
}

async function judged(ctx: StepContext, machine: MachineFacts, found: Observed, sight: Sight): Promise<StepOutcome> {
  if (machine.nativeRef !== found.ref) await ctx.noteMachine(machine.member, { nativeRef: found.ref })
  const ill = found.state === 'stopped' || found.state === 'deleting' || found.state === 'failed'
  // A start that is under way, and a restart, look like that for a moment.
  if (ill && (await seenForMs(ctx, 'ill', sight)) < (found.state === 'failed' ? failedMs : illMs))
    return { kind: 'wait', afterMs: pollMs, reason: `the provider says it is ${found.state}; that may pass` }
  if (!ill && ctx.memo !== null) await ctx.setMemo(null)
  switch (found.state) {
    case 'running':
      if (found.endpoints.length === 0) return { kind: 'wait', afterMs: pollMs, reason: 'it has no address yet' }
      return {
        kind: 'done',
        machine: {
          nativeRef: found.ref,
          endpoints: found.endpoints,
          addresses: found.addresses ?? found.endpoints.map((endpoint) => endpoint.address),
          ...(machine.state === 'creating' ? { state: 'booting' as const } : {}),
        },
      }
    case 'creating':
      return { kind: 'wait', afterMs: pollMs, reason: 'the provider is making it' }
    case 'stopped':
    case 'deleting':
      return dead(machine, `the provider says it is ${found.state}`)
    case 'failed':
      return dead(machine, found.reason ?? 'the provider says it failed')
    default:
      return unreachable(found.state)
  }
}

/** What care takes up as a member to be replaced. */
function dead(machine: MachineFacts, why: string): StepOutcome {
  return {
    kind: 'blocked',
    problem: {
      code: 'machine_dead',
      detail: `${machine.member} is lost: ${why}.`,
      facts: { machine: machine.id, member: machine.member },
      next: 'It is replaced by itself where the rules allow it.',
    },
  }
}

function gone(machine: MachineFacts, proof: GoneProof['proof'], observedAt: number): StepOutcome {
  return {
    kind: 'done',
    machine: { state: 'deleted' },
    gone: [{ kind: 'machine', ref: machine.nativeRef, proof, observedAt }],
  }
}

function keyOf(machine: MachineFacts): ResourceKey {
  return machine.resourceKey as ResourceKey
}
