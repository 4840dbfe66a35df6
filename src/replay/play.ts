// One journal, run again: the requests in their order, against a world that answers as it did, in time that passes only
// when nothing else can happen.

import type { PlatformId } from '../kernel/ids.ts'
import type { Journal, JournalRequest } from '../kernel/journal.ts'
import { ProblemError } from '../kernel/problem.ts'
import type { Random } from '../kernel/seams.ts'
import { replayClock } from './clock.ts'
import { replayCloud } from './cloud.ts'
import { contradiction, type Pair, pairs, recordedOutcomes, replayedOutcomes } from './compare.ts'
import type { OpenReplayHouse, ReplayHouse } from './house.ts'
import { replayRemote } from './remote.ts'
import { ask, prepare } from './requests.ts'
import { plainKey, recordingOf } from './script.ts'

export interface ReplayResult {
  /** What went otherwise than recorded, first of all; null when nothing did. */
  readonly divergence: string | null
  readonly pairs: readonly Pair[]
  /** The last request's task as recorded and as replayed: state, and code of its problem. */
  readonly recorded: string
  readonly replayed: string
  /** The step at which the replayed platform is stuck, if any. */
  readonly failingStep: string | null
}

export interface ReplayOptions {
  readonly open: OpenReplayHouse
  readonly random: Random
  /** Told every outcome as it comes; the replay waits for it. */
  readonly onPair?: (pair: Pair) => Promise<void>
}

/** How much longer than recorded a request may take before the replay says that it ended otherwise, ms of its time. */
const spareMs = 30 * 60_000
/** For how long a task is given to leave a state it should not rest in, ms of the replay's time. */
const patienceMs = 60_000
const mostWakeUps = 500_000
/** States in which a task stays until something else is asked for. */
const resting: readonly string[] = ['done', 'failed', 'blocked', 'cancelled', 'superseded']

/** Throws ProblemError 'invalid_request' for a journal whose requests cannot be replayed. */
export async function replay(journal: Journal, options: ReplayOptions): Promise<ReplayResult> {
  const [first] = journal.requests
  if (!first) throw unfit('it has no request')
  const clock = replayClock(first.at)
  const seams = { clock, random: options.random }
  const asked: { task: string }[] = []
  const recording = recordingOf(journal)
  const cloud = replayCloud(journal.house.hosts, recording, clock)
  const remote = replayRemote(cloud, recording, clock, (step) => plainKey(step, asked))
  await using house = await pumped(
    clock,
    options.open({ seams, kind: cloud.kind, remote, flavors: journal.house.flavors }),
  )
  const place = await pumped(clock, prepare(house, journal))
  const expected = recordedOutcomes(journal)
  const begun = clock.now()
  const shown = new Set<string>()
  let platform: PlatformId | undefined
  let found: Pair[] = []
  let state = { state: 'none', code: null as string | null }

  for (const { at, member } of journal.lost)
    clock.sleep(Math.max(0, at - first.at)).then(
      () => cloud.lose(member),
      () => undefined,
    )

  for (const [index, request] of journal.requests.entries()) {
    const next = journal.requests[index + 1]
    const upTo = next?.at ?? request.endedAt ?? journal.head.exportedAt
    await passUntil(clock, begun + request.at - first.at)
    const answer = await pumped(clock, ask(house, place, journal, request, platform))
    platform = answer.platform
    asked.push({ task: answer.task })
    const limit = clock.now() + (upTo - request.at) * 2 + spareMs
    const last = next === undefined
    let restsSince = Number.POSITIVE_INFINITY
    let seq = -1
    for (let wakeUps = 0; ; wakeUps++) {
      await clock.rest()
      const newest = await newestEvent(house)
      // Nothing was written since the last look.
      if (newest === seq && clock.now() < restsSince + patienceMs) {
        if (wakeUps > mostWakeUps || !clock.wakeNext(limit)) break
        continue
      }
      seq = newest
      found = pairs(expected, await replayedOutcomes(house.read, platform, asked), upTo)
      await show(found, shown, options)
      state = await stateOf(house, answer.task)
      if (contradiction(found) || isReached(found, state, request, last)) break
      // Everything recorded has come, and it rests where it should not.
      if (isComplete(found) && resting.includes(state.state)) restsSince = Math.min(restsSince, clock.now())
      else restsSince = Number.POSITIVE_INFINITY
      if (clock.now() >= restsSince + patienceMs) break
      if (wakeUps > mostWakeUps || !clock.wakeNext(limit)) break
    }
    if (contradiction(found) || !isReached(found, state, request, last)) {
      return resultOf(request, state, found, await stuckAt(house, platform))
    }
  }
  const request = journal.requests.at(-1) ?? first
  return resultOf(request, state, found, platform === undefined ? null : await stuckAt(house, platform))
}

/** Whether the replay is where the record was: all its outcomes seen, and its task as it was. */
function isReached(
  found: readonly Pair[],
  state: { readonly state: string; readonly code: string | null },
  request: JournalRequest,
  last: boolean,
): boolean {
  if (!isComplete(found)) return false
  // What was asked for next ended it; and what was under way when it was written had not ended.
  if (!last && !['done', 'failed'].includes(request.state)) return true
  return !resting.includes(request.state) || (state.state === request.state && state.code === request.code)
}

/** Whether everything recorded has come. */
function isComplete(found: readonly Pair[]): boolean {
  return found.every((pair) => pair.recorded === null || pair.replayed !== null)
}

async function newestEvent({ read }: ReplayHouse): Promise<number> {
  const row = await read.selectFrom('events').select('seq').orderBy('seq', 'desc').limit(1).executeTakeFirst()
  return row?.seq ?? 0
}

function resultOf(
  request: JournalRequest,
  state: { readonly state: string; readonly code: string | null },
  found: readonly Pair[],
  failingStep: string | null,
): ReplayResult {
  const wrong = contradiction(found) ?? found.find((pair) => pair.recorded !== null && pair.replayed === null)
  const said = (what: { state: string; code: string | null }) =>
    what.code ? `${what.state} (${what.code})` : what.state
  const [recorded, replayed] = [said(request), said(state)]
  const other = resting.includes(request.state) && recorded !== replayed
  return {
    divergence: wrong
      ? `${wrong.step}: recorded ${wrong.recorded}, replayed ${wrong.replayed ?? 'nothing'}`
      : other
        ? `${request.kind}: recorded ${recorded}, replayed ${replayed}`
        : null,
    pairs: found,
    recorded,
    replayed,
    failingStep,
  }
}

async function show(found: readonly Pair[], shown: Set<string>, { onPair }: ReplayOptions): Promise<void> {
  if (!onPair) return
  const seen = new Map<string, number>()
  for (const pair of found) {
    const nth = (seen.get(pair.step) ?? 0) + 1
    seen.set(pair.step, nth)
    const name = `${pair.step} ${nth}`
    if (pair.replayed === null || shown.has(name)) continue
    shown.add(name)
    await onPair(pair)
  }
}

async function stateOf(house: ReplayHouse, task: string): Promise<{ state: string; code: string | null }> {
  const row = await house.read
    .selectFrom('tasks')
    .select(['state', 'problem'])
    .where('id', '=', task as never)
    .executeTakeFirstOrThrow()
  const problem: { code?: unknown } | null = row.problem === null ? null : JSON.parse(row.problem)
  return { state: row.state, code: typeof problem?.code === 'string' ? problem.code : null }
}

async function stuckAt({ read }: ReplayHouse, platform: PlatformId): Promise<string | null> {
  const row = await read
    .selectFrom('records')
    .select('key')
    .where('platform_id', '=', platform)
    .where('status', '=', 'blocked')
    .orderBy('finished_at')
    .executeTakeFirst()
  return row?.key ?? null
}

/** Lets time pass, as far as it is needed, until the promise settles. */
async function pumped<T>(clock: ReturnType<typeof replayClock>, promise: Promise<T>): Promise<T> {
  let settled = false
  const mark = () => {
    settled = true
  }
  promise.then(mark, mark)
  for (let i = 0; !settled && i < mostWakeUps; i++) {
    await clock.rest()
    // Files are read in real time: when nobody sleeps, they are waited for.
    if (!settled && !clock.wakeNext(clock.now() + 60_000)) await new Promise((resolve) => setTimeout(resolve, 1))
  }
  return promise
}

async function passUntil(clock: ReturnType<typeof replayClock>, until: number): Promise<void> {
  await clock.rest()
  while (clock.wakeNext(until)) await clock.rest()
}

function unfit(why: string): ProblemError {
  return new ProblemError({
    code: 'invalid_request',
    detail: `The journal cannot be replayed: ${why}.`,
    next: 'Send it with the report as it is: it is still the record of what happened.',
  })
}
