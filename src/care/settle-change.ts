// The end of a change: every member follows it, so what was reserved for the way is given back.

import { z } from 'zod'
import { groupsOf } from '../blueprints/index.ts'
import type { PlatformView } from '../engine/index.ts'
import type { PlatformId } from '../kernel/ids.ts'
import { storedRequestSchema } from '../provider/request.ts'
import { type Amounts, admit, type Claim, machineAmounts, release } from '../quota/index.ts'
import type { Db, Tx } from '../store/store.ts'
import { flavorOf } from './catalogue.ts'
import type { DecideDeps } from './deps.ts'
import { slotHolder } from './slot.ts'
import { closeRollout } from './stop.ts'
import { warmHolder } from './warm.ts'

/** Who holds what a rollout needs beside what stays: room for the successors that come before their predecessors go. */
export function surgeHolder(platform: string): string {
  return `${platform}/surge`
}

const amountsSchema = z.record(z.string(), z.number())

/** What each holder of the platform holds, over all tickets. */
export async function heldBy(db: Db, platform: PlatformId): Promise<Map<string, Amounts>> {
  const rows = await db
    .selectFrom('reservations')
    .select(['holder', 'amounts'])
    .where('platform_id', '=', platform)
    .execute()
  const held = new Map<string, Record<string, number>>()
  for (const { holder, amounts } of rows) {
    const sum = held.get(holder) ?? {}
    for (const [key, amount] of Object.entries(amountsSchema.parse(JSON.parse(amounts))))
      sum[key] = (sum[key] ?? 0) + amount
    held.set(holder, sum)
  }
  return held
}

/** Writes that the change is through. Always true. */
export async function settleChange(tx: Tx, deps: DecideDeps, view: PlatformView): Promise<boolean> {
  const { seams, flavors } = deps
  const groups = new Map(groupsOf(view.blueprint, view.parameters).map((group) => [group.name, group]))
  const held = await heldBy(tx, view.id)
  const claims: Claim[] = []
  for (const { name, group, machine, warmUntil, state } of view.members.values()) {
    // By the machine that was made and not by today's flavor: it is what is there.
    const { resources } = storedRequestSchema.parse(JSON.parse(machine.spec))
    const flavor = groups.get(group)?.flavor
    const cost = flavor !== undefined && flavor in flavors ? flavorOf(flavors, flavor).cost : {}
    const slot = slotHolder(view.id, name)
    const wanted: Amounts = { ...cost, ...machineAmounts(resources) }
    // Only given back here: what is drawn was admitted with the change.
    const warm = warmHolder(view.id, machine.id)
    const isWarm = state === 'leaving' || warmUntil !== null
    const has = (isWarm ? held.get(warm) : undefined) ?? held.get(slot) ?? {}
    const amounts = Object.fromEntries(Object.entries(has).map(([key, n]) => [key, Math.min(n, wanted[key] ?? 0)]))
    claims.push({ holder: isWarm ? warm : slot, amounts })
  }
  const claimed = new Set(claims.map(({ holder }) => holder))
  for (const holder of held.keys()) {
    if (holder.startsWith(warmHolder(view.id, '')) && !claimed.has(holder)) await release(tx, holder)
  }
  await closeRollout(tx, deps, view, 'the change is through')
  await release(tx, surgeHolder(view.id))
  await admit(tx, seams, { project: view.projectId, platform: view.id, claims })
  await tx
    .updateTable('revisions')
    .set({ settled_at: seams.clock.now() })
    .where('platform_id', '=', view.id)
    .where('number', '=', view.generation)
    .execute()
  return true
}
