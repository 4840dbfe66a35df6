// Wrong Gantrys, planted on purpose: each breaks one promise in the way a careless change would. They replace a seam,
// never product code; a simulation that does not find them proves nothing.

import { sql } from 'kysely'
import { groupsOf } from '../../src/blueprints/index.ts'
import { chooseVictims } from '../../src/care/victims.ts'
import type { PlatformView, StepOutcome } from '../../src/engine/index.ts'
import { moveMember } from '../../src/events/index.ts'
import type { PlatformId } from '../../src/kernel/ids.ts'
import type { OwnerTag, ResourceKey, Session } from '../../src/provider/contract.ts'
import { storedRequestSchema } from '../../src/provider/request.ts'
import type { Tx } from '../../src/store/index.ts'
import type { Plant } from './process.ts'

/** The machine is created first and its intent written down after. */
export const createBeforeIntent: Plant = {
  stepKind: (real, { session }) => ({
    ...real,
    async ensure(ctx): Promise<StepOutcome> {
      if (ctx.step.kind !== 'machine' || ctx.step.want === 'absent') return real.ensure(ctx)
      const machine = ctx.machine(ctx.step.input.member)
      if (machine.createSentAt !== null || (await isThere(session, machine.resourceKey, ctx.signal)))
        return real.ensure(ctx)
      const request = storedRequestSchema.parse(JSON.parse(machine.spec))
      const hostKey = { ...request.hostKey, privateKeyPem: await ctx.secret(machine.hostKeySecret) }
      await session
        .create(machine.resourceKey as ResourceKey, { ...request, own: {}, hostKey }, ctx.signal)
        .catch(() => undefined)
      await ctx.markCreateSent(machine.member)
      return real.ensure(ctx)
    },
  }),
}

/** "Gone" is written when destroy was accepted, and nobody looks whether it is. */
export const receiptWithoutObservation: Plant = {
  stepKind: (real, { session }) => ({
    ...real,
    async ensure(ctx): Promise<StepOutcome> {
      if (ctx.step.kind !== 'machine' || ctx.step.want === 'present') return real.ensure(ctx)
      const machine = ctx.machine(ctx.step.input.member)
      if (machine.createSentAt === null) return real.ensure(ctx)
      const request = storedRequestSchema.parse(JSON.parse(machine.spec))
      const accepted = await session.destroy(request.owner, machine.resourceKey as ResourceKey, ctx.signal).then(
        () => true,
        () => false,
      )
      if (!accepted) return real.ensure(ctx)
      const observedAt = ctx.seams.clock.now()
      return {
        kind: 'done',
        machine: { state: 'deleted' },
        gone: [{ kind: 'machine', ref: machine.nativeRef, proof: 'absentByConsistentLookup', observedAt }],
      }
    },
  }),
}

async function isThere(session: Session, key: string, signal: AbortSignal): Promise<boolean> {
  const owner = key.split('/')[0] as OwnerTag
  for await (const _ of session.observe(owner, [{ key: key as ResourceKey }], signal)) return true
  return false
}

/** Whoever once held a run goes on writing under its lease: the question for the fence always says yes. */
export const leaseWithoutFence: Plant = {
  store(real) {
    const claimed = new Map<unknown, number>()
    const blind = <T extends object>(of: T): T =>
      new Proxy(of, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name, target)
          if (typeof value !== 'function') return value
          // However a query travels: through the transaction, or straight to its connection.
          if (name === 'getExecutor') return () => blind(Reflect.apply(value, target, []) as object)
          if (name === 'provideConnection')
            return (use: (connection: object) => unknown) =>
              Reflect.apply(value, target, [(connection: object) => use(blind(connection))])
          if (name !== 'executeQuery') return value.bind(target)
          return (query: { readonly sql: string; readonly parameters: readonly unknown[] }, ...rest: unknown[]) => {
            const fence = claimed.get(query.parameters[0])
            const asks = /^select "fence" from "runs" where "platform_id" = \?$/.test(query.sql)
            return asks && fence !== undefined ? { rows: [{ fence }] } : Reflect.apply(value, target, [query, ...rest])
          }
        },
      })
    return {
      ...real,
      async write(work) {
        const answer = await real.write((tx) => work(blind(tx)))
        if (isLease(answer)) claimed.set(answer.platformId, answer.fence)
        return answer
      },
    }
  },
}

function isLease(answer: unknown): answer is { readonly platformId: PlatformId; readonly fence: number } {
  return (
    typeof answer === 'object' && answer !== null && 'platformId' in answer && 'fence' in answer && 'until' in answer
  )
}

/** Who goes when a group shrinks is chosen in each pass, by how everybody feels at that moment. */
export const victimChosenAnew: Plant = {
  hooks: (real, seams) => ({
    ...real,
    async decide(tx, view) {
      for (const group of groupsOf(view.blueprint, view.parameters)) {
        const shrinking = await shrinkingMembers(tx, view, group.name)
        if (shrinking.length === 0) continue
        const members = [...view.members.values()].filter((member) => member.group === group.name)
        const there = members.filter(({ id, state }) => state === 'in' || shrinking.includes(id))
        const candidates = there.map(({ name, ordinal, machine }) => {
          const { zone, host } = machine
          return { name, ordinal, zone, host, well: !machine.missing, createdAt: ordinal }
        })
        const victims = chooseVictims(candidates, there.length - group.count, group.spread)
        for (const member of there) {
          if (member.state !== 'in' || !victims.some(({ name }) => name === member.name)) continue
          await moveMember(tx, seams, { member: member.id, to: 'leaving', actor: 'gantry', cause: 'scaleDown' })
        }
      }
      return real.decide(tx, view)
    },
  }),
}

async function shrinkingMembers(tx: Tx, view: PlatformView, group: string): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from members where platform_id = ${view.id} and group_name = ${group}
    and state = 'leaving' and cause = 'scaleDown'`.execute(tx)
  return rows.map(({ id }) => id)
}
