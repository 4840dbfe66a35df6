// A rollout, one decision after another: a wave is chosen, changed, and passes the gate before the next. Who follows which
// wish is written down with each member, so a crash, a retry or another change goes on from exactly there.

import { z } from 'zod'
import { groupsOf, updateRules } from '../blueprints/index.ts'
import { type MemberView, type PlatformView, planOf } from '../engine/index.ts'
import { moveMember } from '../events/index.ts'
import type { Tx } from '../store/store.ts'
import { careActor, writeDecision } from './decision.ts'
import type { DecideDeps } from './deps.ts'
import { changesTo, type MemberChange } from './difference.ts'
import { formMembers } from './form.ts'
import { type Behind, nextWave } from './pacing.ts'
import { openProblem, resolveProblem } from './problems.ts'
import { quorumOf } from './quorum.ts'
import { settleChange } from './settle-change.ts'
import { failureOf, stopRollout } from './stop.ts'
import { asWanted, formPlatformOf, hindrances, seatSuccessors } from './successor.ts'
import { retire, swap } from './warm.ts'

/** Takes the next decision of a change that is under way. True when it wrote one. */
export async function decideRollout(tx: Tx, deps: DecideDeps, view: PlatformView): Promise<boolean> {
  if (view.settled || view.want === 'absent' || view.problem !== null) return false
  const rules = updateRules(view.blueprint.document.update)
  const failure = failureOf(view)
  if (failure !== null && rules.stopOnFailure) return stopRollout(tx, deps, view, failure)
  const stuck = failure === null ? new Set<string>() : stuckMembers(view)
  const members = [...view.members.values()].filter(({ warmUntil, state }) => warmUntil === null || state === 'leaving')
  const present = members.filter((member) => member.state !== 'leaving' && !stuck.has(member.ref))
  const underWay = members.some(({ state, ref }) => state !== 'in' && !stuck.has(ref))
  if (underWay || present.some(({ machine }) => machine.missing) || !hasPassed(view, stuck)) return false
  const old = present.filter((member) => isSuperseded(present, member, view.generation))
  if (old.length > 0) return swap(tx, deps, view, old, rules.keepWarmMs)
  const changes = changesTo(view, view.wish).filter(
    ({ member }) =>
      member.warmUntil === null &&
      member.revision !== view.generation &&
      !stuck.has(member.ref) &&
      !isSuperseded(members, member, view.generation),
  )
  if (changes.length === 0) return stuck.size === 0 && settleChange(tx, deps, view)
  return beginWave(tx, deps, view, changes)
}

/** The gate over everybody as they are now; one that waits for a member that is stuck holds nobody back. */
function hasPassed(view: PlatformView, stuck: ReadonlySet<string>): boolean {
  if (stuck.size > 0) return true
  const gate = planOf(view).steps.find((step) => step.kind === 'gate')
  if (gate === undefined) return true
  const record = view.records.get(gate.key)
  return record !== undefined && record.achieved !== null && record.attempting === null
}

/** Whether another incarnation has, or is to have, its slot: the one that follows the platform's wish, of two the later. */
function isSuperseded(members: readonly MemberView[], member: MemberView, generation: number): boolean {
  return members.some((other) => {
    if (other.name !== member.name || other === member) return false
    if (other.revision !== generation) return false
    return member.revision !== generation || other.incarnation > member.incarnation
  })
}

/** Members one of whose steps was given up. */
function stuckMembers(view: PlatformView): Set<string> {
  const stuck = [...view.records.values()].filter(({ status, member }) => status === 'blocked' && member !== null)
  return new Set(stuck.map(({ member }) => member ?? ''))
}

async function beginWave(
  tx: Tx,
  deps: DecideDeps,
  view: PlatformView,
  changes: readonly MemberChange[],
): Promise<boolean> {
  const groups = groupsOf(view.blueprint, view.parameters)
  const rules = updateRules(view.blueprint.document.update)
  const sent = await canariesSent(tx, view)
  const behind = changes.map(({ member }) => behindOf(member))
  const pace = {
    rules,
    groups: groups.map(({ name, count, quorum }) => ({ name, size: count, quorum })),
    canariesSent: sent,
  }
  const wave = new Set(nextWave(behind, pace).map(({ ref }) => ref))
  const chosen = changes.filter(({ member }) => wave.has(member.ref))
  const replaced = chosen.filter(({ fate }) => fate === 'replace').map(({ member }) => member)
  if (replaced.length > 0 && !(await replaceAll(tx, deps, view, replaced))) return false
  for (const { member, fate } of chosen) {
    if (fate === 'replace') continue
    await followNow(tx, view, member)
    const because = { actor: careActor, cause: `generation ${view.generation}` }
    if (fate === 'inPlace') await moveMember(tx, deps.seams, { member: member.id, to: 'changing', ...because })
  }
  const canaries = Math.max(0, Math.min(rules.canaries - sent, chosen.length))
  await writeDecision(tx, deps.seams, view, {
    kind: 'wave',
    subject: String(view.generation),
    reason: canaries > 0 ? 'canaries' : 'those before are healthy',
    data: { members: [...wave], canaries },
  })
  return true
}

/** From now on the member is to be what the platform is to be. */
export async function followNow(
  tx: Tx,
  view: Pick<PlatformView, 'generation'>,
  member: Pick<MemberView, 'id'>,
): Promise<void> {
  await tx.updateTable('members').set({ revision: view.generation }).where('id', '=', member.id).execute()
}

/**
 * Makes a successor of each. Whoever votes leaves first, as two votes of one slot are one too many; unless it is alone:
 * then nobody would be left who knows what the group knows. False when there is no place, which is a named problem.
 */
async function replaceAll(
  tx: Tx,
  deps: DecideDeps,
  view: PlatformView,
  members: readonly MemberView[],
): Promise<boolean> {
  const slots = await Promise.all(members.map((member) => asWanted(tx, deps.flavors, view, member)))
  const found = await seatSuccessors(tx, deps, view, slots, 'changed')
  const named = { subject: 'rollout', machineId: null }
  for (const code of hindrances) {
    if (found.kind === 'hindered' && found.code === code) continue
    await resolveProblem(tx, deps.seams, view, { ...named, code }, 'a place was found')
  }
  if (found.kind === 'hindered') {
    const { code, detail } = found
    await openProblem(tx, deps.seams, view, { ...named, code, detail, resolutions: ['retry', 'rollback'] })
    return false
  }
  for (const [index, member] of members.entries()) {
    const votes = slots[index]?.group.quorum === true
    if (votes && quorumOf(view, member.group).voters > 1) await retire(tx, deps, view, member)
  }
  const because = { actor: careActor, cause: 'replaced' }
  await formMembers(tx, deps, await formPlatformOf(tx, view), found.slots, found.seating, because)
  return true
}

export function behindOf({ ref, group, ordinal, machine }: MemberView): Behind {
  return { ref, group, ordinal, zone: machine.zone }
}

const waveSchema = z.object({ members: z.array(z.string()) })

/** COUNT of members that were sent ahead in this change. */
async function canariesSent(tx: Tx, view: PlatformView): Promise<number> {
  const rows = await tx
    .selectFrom('decisions')
    .select('data')
    .where('platform_id', '=', view.id)
    .where('kind', '=', 'wave')
    .where('subject', '=', String(view.generation))
    .execute()
  return rows.reduce((sum, { data }) => sum + waveSchema.parse(JSON.parse(data)).members.length, 0)
}
