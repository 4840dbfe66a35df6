// Wrong Gantrys, planted on purpose: each breaks one promise in the way a careless change would. The sweep
// must catch every one of them; a sweep that does not is no proof. They replace a seam, never product code.

import type { StepOutcome } from '../../src/engine/index.ts'
import type { OwnerTag, ResourceKey, Session } from '../../src/provider/contract.ts'
import { storedRequestSchema } from '../../src/provider/request.ts'
import type { Parts } from './process.ts'

/** The machine is created first and its intent written down after. */
export function createBeforeIntent(): Parts {
  return {
    machineStep: (real, session) => ({
      ...real,
      async ensure(ctx): Promise<StepOutcome> {
        if (ctx.step.kind !== 'machine' || ctx.step.want === 'absent') return real.ensure(ctx)
        const machine = ctx.machine(ctx.step.input.member)
        if (machine.createSentAt !== null || (await isThere(session, machine.resourceKey, ctx.signal)))
          return real.ensure(ctx)
        const request = storedRequestSchema.parse(JSON.parse(machine.spec))
        const hostKey = { ...request.hostKey, privateKeyPem: await ctx.secret(machine.hostKeySecret) }
        await session.create(machine.resourceKey as ResourceKey, { ...request, own: {}, hostKey }, ctx.signal)
        await ctx.markCreateSent(machine.member)
        return real.ensure(ctx)
      },
    }),
  }
}

/** Whether a create was sent is remembered in memory, and nobody looks at the provider before creating. */
export function rememberInMemory(): Parts {
  return {
    machineStep: (real, _session, blind) => {
      const created = new Set<string>()
      return {
        ...real,
        async ensure(ctx): Promise<StepOutcome> {
          if (ctx.step.kind !== 'machine' || ctx.step.want === 'absent') return real.ensure(ctx)
          const machine = ctx.machine(ctx.step.input.member)
          if (created.has(machine.resourceKey)) return real.ensure(ctx)
          const request = storedRequestSchema.parse(JSON.parse(machine.spec))
          const hostKey = { ...request.hostKey, privateKeyPem: await ctx.secret(machine.hostKeySecret) }
          await ctx.markCreateSent(machine.member)
          const ref = await blind.create(
            machine.resourceKey as ResourceKey,
            { ...request, own: {}, hostKey },
            ctx.signal,
          )
          created.add(machine.resourceKey)
          await ctx.noteMachine(machine.member, { nativeRef: ref })
          return real.ensure(ctx)
        },
      }
    },
  }
}

/** "Gone" is written when destroy was accepted, and nobody looks whether it is. */
export function receiptWithoutObservation(): Parts {
  return {
    machineStep: (real, session) => ({
      ...real,
      async ensure(ctx): Promise<StepOutcome> {
        if (ctx.step.kind !== 'machine' || ctx.step.want === 'present') return real.ensure(ctx)
        const machine = ctx.machine(ctx.step.input.member)
        const request = storedRequestSchema.parse(JSON.parse(machine.spec))
        const observedAt = ctx.seams.clock.now()
        await session.destroy(request.owner, machine.resourceKey as ResourceKey, ctx.signal)
        return {
          kind: 'done',
          machine: { state: 'deleted' },
          gone: [{ kind: 'machine', ref: machine.nativeRef, proof: 'absentByConsistentLookup', observedAt }],
        }
      },
    }),
  }
}

async function isThere(session: Session, key: string, signal: AbortSignal): Promise<boolean> {
  const owner = key.split('/')[0] as OwnerTag
  for await (const _ of session.observe(owner, [{ key: key as ResourceKey }], signal)) return true
  return false
}
