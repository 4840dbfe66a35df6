// One journal, run again: the requests in their order, against a world that answers as it did, in time that passes only
// when nothing else can happen.

import type { PlatformId } from '../kernel/ids.ts'
import type { Journal, JournalRequest } from '../kernel/journal.ts'
import type { Random } from '../kernel/seams.ts'
import type { Db } from '../store/store.ts'
import { replayChecks } from './checks.ts'
import { type ReplayClock, replayClock } from './clock.ts'
import { replayCloud } from './cloud.ts'
import { type Comparison, comparisonWith, type Pair } from './compare.ts'
import { faultsOf } from './faults.ts'
import type { OpenReplayHouse } from './house.ts'
import { plainKey } from './keys.ts'
import { type Happening, openNarration } from './narration.ts'
import { recordingOf } from './recording.ts'
import { replayRemote } from './remote.ts'
import { type Asked, ask, blueprintsOf, prepare, unfit } from './requests.ts'
import { openTasks, type ReplayedTasks } from './tasks.ts'
import { type Timeline, timelineOf } from './timeline.ts'
import { playTroubles, untold } from './troubles.ts'

export interface ReplayResult {
  /** What went otherwise than recorded, first of all; null when nothing did. */
  readonly divergence: string | null
  readonly pairs: readonly Pair[]
  /** The exported task as recorded and as replayed: state, and code of its problem. */
  readonly recorded: string
  readonly replayed: string
  /** The step at which the replayed platform is stuck, if any. */
  readonly failingStep: string | null
  /** What the journal does not tell, so that the replay could not play it. */
  readonly untold: readonly string[]
}

export interface ReplayOptions {
  readonly open: OpenReplayHouse
  readonly random: Random
  /** Told everything as it comes; the replay waits for it. */
  readonly onHappening?: (happening: Happening) => Promise<void>
}

/** How much longer than recorded something may take before the replay says that it went otherwise, ms of its time. */
const spareMs = 30 * 60_000
/** For how long a task is given to leave a state in which it should not rest, ms of the replay's time. */
const patienceMs = 60_000
/** A request that was accepted is made for so long until it is again, and so often; ms of the replay's time. */
const askForMs = 10 * 60_000
const askEveryMs = 5_000

/** Throws ProblemError 'invalid_request' for a journal that cannot be replayed. */
export async function replay(journal: Journal, options: ReplayOptions): Promise<ReplayResult> {
  const [first] = journal.requests
  if (!first) throw unfit('it has no request')
  const clock = replayClock(first.at)
  const asked: { readonly task: string | null }[] = []
  const read: { db?: Db } = {}
  // Known once the place is prepared, which takes time too; nothing is recorded before.
  let due: Timeline = (recorded) => recorded
  const recording = recordingOf(
    journal,
    (recorded) => due(recorded),
    () => read.db,
    (key) => plainKey(key, asked),
  )
  const checks = replayChecks(blueprintsOf(journal))
  const cloud = replayCloud(journal, recording, clock)
  const seats = new Map(journal.seats.map(({ member, zone, host }) => [member, { zone, host }]))
  await using house = await clock.until(
    options.open({
      seams: { clock, random: options.random },
      kind: cloud.kind,
      remote: replayRemote(cloud, recording, checks, clock),
      flavors: journal.house.flavors,
      meltdown: journal.house.meltdown,
      seats: (member) => seats.get(member),
      stepKind: faultsOf(recording, clock),
    }),
  )
  const place = await clock.until(prepare(house, journal))
  read.db = house.read
  const startedAt = clock.now()
  due = timelineOf(journal, startedAt)
  const comparison = comparisonWith(journal, startedAt, asked)
  const tasks = openTasks(journal, house.read, asked)
  const narration = openNarration(journal, options.onHappening)
  const hasCome = (recorded: number) => comparison.missing(recorded - 1).length === 0
  playTroubles(journal, { cloud, checks, recording, clock, read: house.read, hasCome })

  let platform: PlatformId | undefined
  let refusal: string | null = null
  for (const [index, request] of journal.requests.entries()) {
    const next = journal.requests[index + 1]
    await clock.passTo(due(request.at))
    await narration.upTo(request.at)
    const answer = await accepted(request)
    if (answer.kind === 'refused') {
      refusal = `${request.kind}: recorded accepted, replayed refused (${answer.why})`
      break
    }
    platform = answer.platform
    asked.push({ task: answer.task })
    const upTo = next ? next.at - 1 : journal.head.until
    const limit = clock.now() + (upTo - request.at) * 2 + spareMs
    if (!(await arrives({ house: house.read, clock, comparison, tasks, upTo, limit, last: !next, narration }))) break
  }
  await narration.upTo(journal.head.until)
  return {
    divergence: refusal ?? (await divergence(comparison, tasks, journal)),
    pairs: [...comparison.pairs, ...comparison.missing(journal.head.until)],
    ...(await tasks.exported()),
    failingStep: platform === undefined ? null : await stuckAt(house.read, platform),
    untold: untold(journal),
  }

  async function accepted(request: JournalRequest): Promise<Asked> {
    const until = clock.now() + askForMs
    for (;;) {
      const answer = await clock.until(ask({ house, place, journal, asked, platform }, request))
      if (answer.kind === 'accepted' || clock.now() >= until) return answer
      await clock.until(clock.sleep(askEveryMs))
    }
  }
}

interface Arriving {
  readonly house: Db
  readonly clock: ReplayClock
  readonly comparison: Comparison
  readonly tasks: ReplayedTasks
  readonly narration: { pair(pair: Pair): Promise<void> }
  /** Recorded time that is to be reached, ms since 1970. */
  readonly upTo: number
  /** Of the replay's time, ms since 1970. */
  readonly limit: number
  readonly last: boolean
}

/** Lets time pass until everything recorded by then has come; false when it comes otherwise, or does not. */
async function arrives({ house, clock, comparison, tasks, narration, upTo, limit, last }: Arriving): Promise<boolean> {
  let restsSince = Number.POSITIVE_INFINITY
  let seq = -1
  for (;;) {
    await clock.rest()
    const newest = await newestEvent(house)
    if (newest !== seq || clock.now() >= restsSince + patienceMs) {
      seq = newest
      for (const pair of await comparison.follow(house)) await narration.pair(pair)
      if (comparison.contradiction) return false
      const whole = comparison.missing(upTo).length === 0
      const states = await tasks.states(upTo, last)
      if (whole && states === 'as recorded') return true
      // Everything recorded has come, and a task rests where it should not.
      restsSince = whole && states === 'otherwise' ? Math.min(restsSince, clock.now()) : Number.POSITIVE_INFINITY
      if (clock.now() >= restsSince + patienceMs) return false
    }
    if (!clock.wakeNext(limit)) return false
  }
}

async function divergence(comparison: Comparison, tasks: ReplayedTasks, { head }: Journal): Promise<string | null> {
  const [missing] = comparison.missing(head.until)
  const wrong = comparison.contradiction ?? missing
  if (wrong) return `${wrong.step}: recorded ${wrong.recorded}, replayed ${wrong.replayed ?? 'nothing'}`
  return tasks.difference()
}

async function newestEvent(read: Db): Promise<number> {
  const row = await read.selectFrom('events').select('seq').orderBy('seq', 'desc').limit(1).executeTakeFirst()
  return row?.seq ?? 0
}

async function stuckAt(read: Db, platform: PlatformId): Promise<string | null> {
  const row = await read
    .selectFrom('records')
    .select('key')
    .where('platform_id', '=', platform)
    .where('status', '=', 'blocked')
    .orderBy('finished_at')
    .executeTakeFirst()
  return row?.key ?? null
}
