import type { PlatformView } from '../engine/index.ts'
import type { Seams } from '../kernel/seams.ts'
import type { Tx } from '../store/store.ts'
import { writeDecision } from './decision.ts'

/**
 * Decides who founds the group: the first of its members, and another one only when the earlier choice was
 * proven gone before founding was recorded. Once founded, the founder stays the founder, gone or not.
 */
export async function decideFounders(
  tx: Tx,
  seams: Seams,
  view: PlatformView,
  group: string,
  founded: boolean,
): Promise<boolean> {
  const present = view.founders[group]
  if (present !== undefined && (founded || view.members.has(present))) return false
  const [first] = [...view.members.values()]
    .filter((member) => member.group === group && member.state !== 'leaving')
    .sort((a, b) => a.ordinal - b.ordinal)
  if (!first) return false
  const reason = present === undefined ? 'the first of its group' : `${present} was lost before founding`
  await writeDecision(tx, seams, view, { kind: 'founder', subject: group, reason, data: { member: first.ref } })
  return true
}
