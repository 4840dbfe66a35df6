// A machine that is there is stopped, runs again, or is started anew. It looks, then acts; the machine is asked to shut down by itself
// first, so that what it holds is written, and is switched off when it does not.

import { z } from 'zod'
import type { MachineFacts, StepContext, StepKind, StepOutcome } from '../engine/step-kind.ts'
import { lookedAgain } from '../kernel/watched.ts'
import type { NativeRef, Observed, PowerCall, ResourceKey } from '../provider/contract.ts'
import { ProviderFault } from '../provider/fault.ts'
import { storedRequestSchema } from '../provider/request.ts'
import { providerOutcome } from './fault-problem.ts'
import { type Providers, reportOnlyMs } from './machine.ts'

const pollMs = 500
/** A power call is repeated when nothing came of it for so long, ms; but no shutdown, which a provider may still wait for. */
const againMs = 45_000
/** So long a machine may take to shut down by itself, ms. */
const shutdownMs = 60_000
/** So much of the time between two looks counts as seen. */
const gapMs = 10_000

/** How often it is written down for how long it lasts, ms. */
const keepEveryMs = 5_000

const memoSchema = z
  .object({ call: z.enum(['on', 'off', 'shutdown']), sentMs: z.number(), lastsMs: z.number(), at: z.number() })
  .nullable()

export function powerStep(providers: Providers): StepKind {
  return {
    kind: 'power',
    revision: 1,
    async ensure(ctx) {
      if (ctx.step.kind !== 'power') throw new Error(`not a power step: ${ctx.step.key}`)
      const { member, to } = ctx.step.input
      const machine = ctx.machine(member)
      try {
        return await (to === 'restart' ? restarted(ctx, machine) : switched(ctx, machine, to))
      } catch (error) {
        if (error instanceof ProviderFault)
          return providerOutcome(error, { machine: machine.id, member, zone: machine.zone })
        throw error
      }
    },
  }

  async function switched(ctx: StepContext, machine: MachineFacts, to: 'on' | 'off'): Promise<StepOutcome> {
    const { session, looker } = await providers.open(machine.providerId)
    const { owner } = storedRequestSchema.parse(JSON.parse(machine.spec))
    const key = machine.resourceKey as ResourceKey
    await ctx.mayAct()
    const ref = (machine.nativeRef ?? undefined) as NativeRef | undefined
    const seen = await looker.look(owner, key, ref, ctx.signal)
    const found = seen.find((object) => object.kind === 'machine' && object.owner === owner)
    const before = found ? isSo(found, to) : absentIsSo(machine, to)
    if (before === 'so') return { kind: 'done', machine: { state: stateAfter(machine, to) } }
    if (before === 'wait') return { kind: 'wait', afterMs: pollMs, reason: 'it is starting' }
    if (before === 'lost') return lost(machine, found)
    if (session.power === undefined) return cannot(machine)
    if (to === 'off' && !(await ctx.mayDestroy()))
      return { kind: 'wait', afterMs: reportOnlyMs, reason: 'the installation only reports: it stops nothing' }
    const call = await nextCall(ctx, to)
    if (call !== null) {
      await ctx.mayAct()
      await session.power(owner, key, call, ctx.signal)
    }
    return { kind: 'wait', afterMs: pollMs, reason: to === 'off' ? 'it is shutting down' : 'it is starting' }
  }

  async function restarted(ctx: StepContext, machine: MachineFacts): Promise<StepOutcome> {
    const { session, looker } = await providers.open(machine.providerId)
    const { owner } = storedRequestSchema.parse(JSON.parse(machine.spec))
    const key = machine.resourceKey as ResourceKey
    await ctx.mayAct()
    const ref = (machine.nativeRef ?? undefined) as NativeRef | undefined
    const seen = await looker.look(owner, key, ref, ctx.signal)
    const found = seen.find((object) => object.kind === 'machine' && object.owner === owner)
    if (!found || found.state === 'deleting') return lost(machine, found)
    const memo = restartSchema.parse(ctx.memo)
    if (memo !== null && found.state === 'running') return { kind: 'done', machine: { state: 'booting' } }
    if (session.power === undefined) return cannot(machine)
    if (!(await ctx.mayDestroy()))
      return { kind: 'wait', afterMs: reportOnlyMs, reason: 'the installation only reports: it starts nothing anew' }
    const now = ctx.seams.clock.now()
    const { lastsMs, at } = lookedAgain(memo, now, gapMs)
    if (memo === null || lastsMs - memo.sentMs >= againMs) {
      const call = found.state === 'running' ? 'reset' : 'on'
      await ctx.mayAct()
      await session.power(owner, key, call, ctx.signal)
      await ctx.setMemo({ call, sentMs: lastsMs, lastsMs, at })
    } else if (now - memo.at >= keepEveryMs) await ctx.setMemo({ ...memo, lastsMs, at })
    return { kind: 'wait', afterMs: pollMs, reason: 'it is starting' }
  }
}

/**
 * Nothing that can be seen tells a machine that was started anew from one that was not, so that it was is written down
 * once it was asked for; a crash in between has it asked for twice.
 */
const restartSchema = z
  .object({ call: z.enum(['on', 'reset']), sentMs: z.number(), lastsMs: z.number(), at: z.number() })
  .nullable()

/** `wait`: it is being started, and neither runs nor can be told to do anything else. */
function isSo({ state }: Observed, to: 'on' | 'off'): 'so' | 'not' | 'wait' | 'lost' {
  if (state === 'creating') return 'wait'
  if (state === 'deleting') return to === 'off' ? 'so' : 'lost'
  if (to === 'off') return state === 'running' ? 'not' : 'so'
  return state === 'running' ? 'so' : 'not'
}

/** What is not there does not run; that it is gone is told by the scan. One that was never made is made by its own step. */
function absentIsSo({ nativeRef }: MachineFacts, to: 'on' | 'off'): 'so' | 'lost' {
  return to === 'off' || nativeRef === null ? 'so' : 'lost'
}

function stateAfter({ state }: MachineFacts, to: 'on' | 'off'): MachineFacts['state'] {
  return to === 'on' && state === 'stopped' ? 'booting' : state
}

/** What to send now; null: what was sent is still waited for. Written down before it is sent. */
async function nextCall(
  ctx: StepContext,
  to: 'on' | 'off',
): Promise<Extract<PowerCall, 'on' | 'off' | 'shutdown'> | null> {
  const known = memoSchema.parse(ctx.memo)
  const memo = known && (known.call === 'on') === (to === 'on') ? known : null
  const now = ctx.seams.clock.now()
  const { lastsMs, at } = lookedAgain(memo, now, gapMs)
  const call = to === 'on' ? 'on' : lastsMs < shutdownMs ? 'shutdown' : 'off'
  const due = memo === null || memo.call !== call || (call !== 'shutdown' && lastsMs - memo.sentMs >= againMs)
  if (due || now - memo.at >= keepEveryMs) await ctx.setMemo({ call, sentMs: due ? lastsMs : memo.sentMs, lastsMs, at })
  return due ? call : null
}

/** What care takes up as a member to be replaced. */
function lost({ id, member }: MachineFacts, found: Observed | undefined): StepOutcome {
  const why = found ? `the provider says it is ${found.state}` : 'the provider has it no more'
  return {
    kind: 'blocked',
    problem: {
      code: 'machine_dead',
      detail: `${member} is lost: ${why}.`,
      facts: { machine: id, member },
      next: 'It is replaced by itself where the rules allow it.',
    },
  }
}

function cannot({ id, member }: MachineFacts): StepOutcome {
  return {
    kind: 'blocked',
    problem: {
      code: 'power_not_supported',
      detail: `The provider of ${member} cannot stop and start machines.`,
      facts: { machine: id, member },
      next: 'Wake the platform; what was stopped already is started again.',
    },
  }
}
