import { type MemberRef, onceKey } from '../blueprints/index.ts'
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
  if (present !== undefined && (founded || isThere(view, present))) return false
  const [first] = [...view.members.values()]
    .filter((member) => member.group === group && member.state !== 'leaving' && !view.abandoned.has(member.ref))
    .sort((a, b) => a.ordinal - b.ordinal)
  if (!first) return false
  const reason = present === undefined ? 'the first of its group' : `${present} was lost before founding`
  const founding = view.foundings[group] ?? 1
  const data = { member: first.ref, ...(founding > 1 && { founding }) }
  await writeDecision(tx, seams, view, { kind: 'founder', subject: group, reason, data })
  return true
}

/** Whether a once step on the group's founder is recorded as done. */
export function isFounded(view: PlatformView, group: string): boolean {
  return Object.entries(view.blueprint.document.steps ?? {}).some(
    ([name, step]) =>
      step.on === `founder(${group})` &&
      (view.records.get(onceKey(name, view.foundings[group]))?.achieved ?? null) !== null,
  )
}

/** Whether it may still found: proven gone or given up, it does not. */
function isThere(view: PlatformView, founder: MemberRef): boolean {
  return view.members.has(founder) && !view.abandoned.has(founder)
}
