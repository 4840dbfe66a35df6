import { z } from 'zod'
import { type GroupSpec, powerKey, restartKey } from '../blueprints/index.ts'
import type { MemberView, PlatformView } from '../engine/index.ts'
import type { Seams } from '../kernel/seams.ts'
import type { Tx } from '../store/store.ts'
import { isDead } from './dead.ts'
import { powerless } from './power.ts'
import { carriedBy, openProblem, resolveProblem } from './problems.ts'

/**
 * Who counts: whoever joined and is not proven gone, and the founder from the moment of founding. Who leaves without
 * ever having had a machine (no room was found for it) never was one of them.
 */
function votes(
  view: Pick<PlatformView, 'founders' | 'abandoned'>,
  { ref, group, state, machine }: MemberView,
): boolean {
  if (view.abandoned.has(ref)) return false
  if (state === 'joining') return view.founders[group] === ref
  return machine.nativeRef !== null
}

const listSchema = z.array(z.string())

const named = { subject: 'platform', code: 'quorum_lost', machineId: null } as const

export interface Voting {
  readonly group: GroupSpec
  readonly founded: boolean
}

/**
 * A founded group without a majority of answering members can neither admit nor remove anybody: that is not
 * repaired by guessing. The platform blocks with `quorum_lost` until members answer again or a person chooses. Answers
 * the groups that lost theirs.
 */
export async function watchQuorums(
  tx: Tx,
  seams: Seams,
  view: PlatformView,
  groups: readonly Voting[],
): Promise<{ readonly changed: boolean; readonly lost: readonly GroupSpec[] }> {
  const lost = groups.flatMap(({ group, founded }) => {
    const { voters, alive } = quorumOf(view, group.name)
    return founded && voters > 0 && alive * 2 <= voters ? [group] : []
  })
  if (lost.length === 0) return { lost, changed: await resolveProblem(tx, seams, view, named, 'members answer again') }
  const silent = lost.flatMap(({ name }) => votersOf(view, name).filter((member) => isDead(view, member)))
  const may = await restorable(tx, view, silent)
  const opened = await openProblem(tx, seams, view, {
    ...named,
    detail: detailOf(view, lost, may),
    resolutions: [...(may ? ['restore'] : []), ...(lost.some(({ founds }) => founds) ? ['refound'] : []), 'delete'],
  })
  await carry(tx, view.id, silent)
  return { lost, changed: opened }
}

function detailOf(view: PlatformView, lost: readonly GroupSpec[], may: boolean): string {
  const said = lost.map(({ name }) => {
    const { voters, alive } = quorumOf(view, name)
    return `${name} has lost its quorum: ${alive} of ${voters} members answer.`
  })
  const anew = lost.some(({ founds }) => founds) ? 'found it anew without what it knew, ' : ''
  const start = may
    ? 'Have the machines of the others started again (restore), '
    : 'Start the others again at the provider, '
  return `${said.join(' ')} ${start}${anew}or delete the platform.`
}

/** Whether the machines of some of them may be started again: they are there, as far as anybody knows, and their providers can. */
async function restorable(tx: Tx, view: PlatformView, silent: readonly MemberView[]): Promise<boolean> {
  const vanished = await seenVanished(tx, view)
  const there = silent.filter(({ ref, machine }) => {
    if (machine.nativeRef === null || vanished.has(machine.id)) return false
    // A step that was to start it found nothing that could be started.
    const keys = [powerKey(ref), restartKey(ref, view.restarts.get(ref) ?? 0)]
    return keys.every((key) => view.records.get(key)?.problem?.code !== 'machine_dead')
  })
  const providers = [...new Set(there.map(({ machine }) => machine.providerId))]
  return there.length > 0 && (await powerless(tx, providers)).length === 0
}

/** Machines that their providers have no more: what is told of one that is only down offers to start it. */
async function seenVanished(tx: Tx, { id }: PlatformView): Promise<ReadonlySet<string>> {
  const rows = await tx
    .selectFrom('problems')
    .select(['machine_id', 'resolutions'])
    .where('platform_id', '=', id)
    .where('code', '=', 'machine_dead')
    .where('resolved_at', 'is', null)
    .execute()
  const gone = rows.filter(({ resolutions }) => !listSchema.parse(JSON.parse(resolutions)).includes('reboot'))
  return new Set(gone.flatMap(({ machine_id }) => machine_id ?? []))
}

/** The problem carries the machines of who does not answer: they are what may be started again. */
async function carry(tx: Tx, platform: PlatformView['id'], silent: readonly MemberView[]): Promise<void> {
  const open = await tx
    .selectFrom('problems')
    .select('id')
    .where('platform_id', '=', platform)
    .where('code', '=', named.code)
    .where('resolved_at', 'is', null)
    .executeTakeFirst()
  if (!open) return
  const known = new Set(await carriedBy(tx, open.id))
  const rows = silent
    .filter(({ machine }) => !known.has(machine.id))
    .map(({ ref, machine }) => ({ problem_id: open.id, machine_id: machine.id, member: ref }))
  if (rows.length > 0) await tx.insertInto('problem_machines').values(rows).execute()
}

/** COUNT of those who vote, and of those of them who answer. */
export function quorumOf(
  view: Pick<PlatformView, 'members' | 'founders' | 'abandoned' | 'records' | 'restarts'>,
  group: string,
) {
  const voters = votersOf(view, group)
  return { voters: voters.length, alive: voters.filter((member) => !isDead(view, member)).length }
}

/** Members of the group that vote. */
export function votersOf(view: Pick<PlatformView, 'members' | 'founders' | 'abandoned'>, group: string): MemberView[] {
  return [...view.members.values()].filter((member) => member.group === group && votes(view, member))
}
