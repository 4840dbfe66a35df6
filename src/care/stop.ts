// A rollout stops at the first failure: what is changed stays changed, nobody else is begun, and a person chooses.

import { isOperationKey } from '../blueprints/index.ts'
import type { PlatformView, RecordView } from '../engine/index.ts'
import { sentence } from '../kernel/sentence.ts'
import type { Tx } from '../store/store.ts'
import type { DecideDeps } from './deps.ts'
import { openProblem, resolveProblem } from './problems.ts'
import { hindrances } from './successor.ts'

/** The first step of the change that was given up; null while there is none. A machine that cannot be removed is none. */
export function failureOf(view: PlatformView): RecordView | null {
  for (const record of view.records.values()) {
    if (record.status !== 'blocked' || record.problem === null || isOperationKey(record.key)) continue
    const member = record.member === null ? undefined : view.members.get(record.member)
    if (record.kind === 'machine' && member?.state === 'leaving') continue
    return record
  }
  return null
}

/** Closes whatever was in the way of a rollout that is over, or has another target now. */
export async function closeRollout(tx: Tx, { seams }: DecideDeps, view: PlatformView, by: string): Promise<void> {
  await resolveProblem(tx, seams, view, { subject: 'platform', code: 'rollout_stopped', machineId: null }, by)
  for (const code of hindrances)
    await resolveProblem(tx, seams, view, { subject: 'rollout', machineId: null, code }, by)
}

/** Names the problem; the platform is blocked by it, and the task of the change fails. */
export async function stopRollout(tx: Tx, deps: DecideDeps, view: PlatformView, failed: RecordView): Promise<boolean> {
  const members = [...view.members.values()].filter((member) => member.state !== 'leaving')
  const done = members.filter((member) => member.revision === view.generation).length
  return openProblem(tx, deps.seams, view, {
    subject: 'platform',
    machineId: null,
    code: 'rollout_stopped',
    detail:
      `The change to generation ${view.generation} has stopped: ${sentence(failed.problem?.detail ?? failed.key)} ` +
      `${done} of ${members.length} members follow it. Mend it and go on:  gantry platform retry ${view.name}  ` +
      `or take the way back:  gantry platform rollback ${view.name}`,
    resolutions: ['retry', 'rollback'],
  })
}
