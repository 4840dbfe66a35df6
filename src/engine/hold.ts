// Held or paused: a person has said "begin nothing more". The platform's own state is the flag, so it outlives every process; attempts
// under way are followed to their end, because a script cut off in the middle leaves more behind than one that ends.

import { movePlatform } from '../events/index.ts'
import type { PlatformId, TaskId } from '../kernel/ids.ts'
import type { Seams } from '../kernel/seams.ts'
import type { Tx } from '../store/store.ts'
import { makeDue } from './lease.ts'
import { retryBlocked } from './retry.ts'
import { isStill, stillStates } from './still.ts'
import type { PlatformView } from './view.ts'

interface Because {
  readonly actor: string
  readonly cause: string
  readonly task: TaskId | null
}

export function isHeld(view: Pick<PlatformView, 'state'>): boolean {
  return isStill(view.state)
}

/** Its machines are stopped, or to be: nothing else begins. */
export function isAsleep(view: Pick<PlatformView, 'hibernation'>): boolean {
  return view.hibernation?.power === 'off'
}

/** Whether an attempt of the step, or of a fresh step it waits for, was recorded and has not ended. */
export function isUnderWay(view: Pick<PlatformView, 'inFlight'>, key: string): boolean {
  return [...view.inFlight.keys()].some((other) => userOf(other) === key)
}

/** The step on whose behalf an attempt is made: that of `fresh/<step>/for/<key>` is `<key>`, else its own. */
export function userOf(key: string): string {
  return key.split('/for/').at(-1) ?? key
}

/**
 * From this transaction on nothing is begun for the platform; one that hibernates begins nothing anyhow, and stays so.
 * Wake the engine after its commit.
 */
export async function holdPlatform(tx: Tx, seams: Seams, platform: PlatformId, because: Because): Promise<void> {
  const { state } = await tx
    .selectFrom('platforms')
    .select('state')
    .where('id', '=', platform)
    .executeTakeFirstOrThrow()
  if (state === 'hibernated') return
  await movePlatform(tx, seams, { platform, to: 'held', reason: because.cause, ...because })
  await makeDue(tx, platform, seams.clock.now())
}

/** Like held, but whoever asked for something still waits for it: no task ends. Wake the engine after its commit. */
export async function pausePlatform(tx: Tx, seams: Seams, platform: PlatformId, because: Because): Promise<void> {
  await movePlatform(tx, seams, { platform, to: 'paused', reason: because.cause, ...because })
  await makeDue(tx, platform, seams.clock.now())
}

/**
 * Goes on from held or paused: what is done stays done, what was waiting or blocked is tried now and has its whole time again.
 * Throws a plain Error when the platform is neither. Wake the engine after the commit.
 */
export async function resumePlatform(tx: Tx, seams: Seams, platform: PlatformId, because: Because): Promise<void> {
  const { ready_at } = await tx
    .selectFrom('platforms')
    .select('ready_at')
    .where('id', '=', platform)
    .where('state', 'in', stillStates)
    .executeTakeFirstOrThrow()
  await movePlatform(tx, seams, { platform, to: ready_at === null ? 'building' : 'changing', reason: null, ...because })
  await tx
    .updateTable('records')
    .set({ deadline_at: null, next_at: 0 })
    .where('platform_id', '=', platform)
    .where('status', 'in', ['running', 'waiting'])
    .execute()
  await retryBlocked(tx, seams, platform, because)
  await makeDue(tx, platform, seams.clock.now())
}
