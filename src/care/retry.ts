import type { Seams } from '../kernel/seams.ts'
import { statement } from '../store/statement.ts'
import type { Tx } from '../store/store.ts'
import { type Decision, writeDecision } from './decision.ts'
import type { ProblemPlace } from './problems.ts'

/**
 * A person asked to try again. Written down as a decision, because it answers the question that was put to a person:
 * how often a slot was given a new machine is counted anew from here. `asked` says what it was that was asked for.
 */
export async function noteRetry(
  tx: Tx,
  seams: Seams,
  place: ProblemPlace,
  actor: string,
  asked: Decision['data'] = {},
): Promise<void> {
  const decision: Decision = { kind: 'retry', subject: 'platform', reason: 'asked for', data: asked }
  await writeDecision(tx, seams, place, decision, actor)
}

const selectLast = statement((db, { platform }: { platform: ProblemPlace['id'] }) =>
  db
    .selectFrom('decisions')
    .select((select) => select.fn.max('at').as('at'))
    .where('platform_id', '=', platform)
    .where('kind', '=', 'retry'),
)

/** When a person last asked, ms since 1970; 0 when nobody did. */
export async function lastRetry(tx: Tx, platform: ProblemPlace['id']): Promise<number> {
  const row = await selectLast.first(tx, { platform })
  return row?.at ?? 0
}
