// A quorum that is lost is founded anew only when a person gave up what it knew. The choice is written down when it is
// made, and taken by the pass that sees the quorum still lost: members that answer again before it make it void.

import type { PlatformView } from '../engine/index.ts'
import type { Seams } from '../kernel/seams.ts'
import type { Tx } from '../store/store.ts'
import { writeDecision } from './decision.ts'
import { type ProblemPlace, resolveProblem } from './problems.ts'
import { votersOf } from './quorum.ts'

/** Writes down that a person gives up what the lost quorum knew. */
export async function askRefound(tx: Tx, seams: Seams, place: ProblemPlace, actor: string): Promise<void> {
  const reason = 'what the lost quorum knew was given up'
  await writeDecision(tx, seams, place, { kind: 'refound', subject: 'platform', reason, data: {} }, actor)
}

/**
 * Decides a new founding of the group if it was asked for since the quorum was lost: by the founder itself if it answers,
 * else by the first voter that does, else by whoever comes first in the place of a dead one. All other voters are
 * abandoned, which has them replaced one at a time.
 */
export async function decideRefounding(tx: Tx, seams: Seams, view: PlatformView, group: string): Promise<boolean> {
  if (!(await isAsked(tx, view))) return false
  const voters = votersOf(view, group).sort((a, b) => a.ordinal - b.ordinal || a.incarnation - b.incarnation)
  const alive = voters.filter(({ state, machine }) => state !== 'leaving' && !machine.missing)
  const founder = alive.find(({ ref }) => ref === view.founders[group]) ?? alive[0]
  const member = founder?.ref ?? view.founders[group] ?? ''
  const abandoned = voters.filter((voter) => voter !== founder).map(({ ref }) => ref)
  const founding = (view.foundings[group] ?? 1) + 1
  const reason = founder
    ? `${founder.ref} still answers; what the lost quorum knew was given up`
    : 'no voter answers; what the lost quorum knew was given up'
  await writeDecision(tx, seams, view, {
    kind: 'founder',
    subject: group,
    reason,
    data: { member, founding, abandoned },
  })
  await resolveProblem(tx, seams, view, { subject: 'platform', code: 'quorum_lost', machineId: null }, 'refound')
  return true
}

async function isAsked(tx: Tx, { id }: PlatformView): Promise<boolean> {
  const row = await tx
    .selectFrom('decisions')
    .innerJoin('problems', 'problems.platform_id', 'decisions.platform_id')
    .select('decisions.id')
    .where('decisions.platform_id', '=', id)
    .where('decisions.kind', '=', 'refound')
    .where('problems.code', '=', 'quorum_lost')
    .where('problems.resolved_at', 'is', null)
    .whereRef('decisions.at', '>=', 'problems.since')
    .executeTakeFirst()
  return row !== undefined
}
