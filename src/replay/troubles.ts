// What went wrong in the world, and what became of it by itself. Which named problem is the world's, and which the house
// comes to by its own, is said for each: whoever adds one says it here.

import type { Journal, JournalTrouble } from '../kernel/journal.ts'
import type { NamedProblemCode, ProblemCode } from '../kernel/problem.ts'
import type { Clock } from '../kernel/seams.ts'
import type { Db } from '../store/store.ts'
import type { ReplayChecks } from './checks.ts'
import type { ReplayCloud } from './cloud.ts'
import type { Recording } from './recording.ts'

/** world: it is played; house: it follows from what is played; anything else: why it cannot be played. */
export const troubleOrigins: Readonly<Record<NamedProblemCode, 'world' | 'house' | (string & {})>> = {
  machine_dead: 'world',
  machine_hung: 'world',
  host_dead: 'world',
  zone_dead: 'world',
  machine_changed: 'world',
  // From the refused removals.
  machine_not_gone: 'house',
  member_unhealthy: 'world',
  platform_unhealthy: 'world',
  step_drifted: 'world',
  quorum_lost: 'house',
  // That of the platform alone would follow; the two are one problem.
  meltdown: 'what other platforms of the provider lost at the same time is not told',
  rollout_stopped: 'house',
  host_maintenance: 'house',
  lease_expired: 'the lease of the platform is not told',
  upgrade_refused: 'when its blueprint had which versions is not told',
  no_capacity: 'what else its hosts carried is not told',
  provider_unreachable: 'house',
  provider_denied: 'house',
  invalid_parameter: 'what the installation offered at that time is not told',
}

interface Stage {
  readonly cloud: ReplayCloud
  readonly checks: ReplayChecks
  readonly recording: Recording
  readonly clock: Clock
  readonly read: Db
  /** Whether all that was recorded before then (ms since 1970) has come in the replay. */
  readonly hasCome: (recorded: number) => boolean
}

/** How often it is looked whether the replay has told a trouble, or has come as far as one, ms of its time. */
const askEveryMs = 1_000
/** For how long at most a trouble waits for what was recorded before it, ms of the replay's time. */
const mostLateMs = 120_000

/** Plays those of the world at their times, each until it was over and the replay has told it too. */
export function playTroubles(journal: Journal, stage: Stage): void {
  const startedAt = stage.clock.now()
  for (const trouble of journal.troubles) {
    if (troubleOrigins[trouble.code as NamedProblemCode] !== 'world') continue
    play(trouble, startedAt, stage, journal).catch(() => undefined)
  }
}

async function play(trouble: JournalTrouble, startedAt: number, stage: Stage, journal: Journal): Promise<void> {
  const { cloud, checks, recording, clock } = stage
  const until = (instant: number) => clock.sleep(Math.max(0, recording.due(instant) - clock.now()))
  await until(trouble.at)
  // What is told of the world is seen later here than it was there: else one loss would meet the repair of the one before.
  const latest = clock.now() + mostLateMs
  while (!stage.hasCome(trouble.at) && clock.now() < latest) await clock.sleep(askEveryMs)
  begin(trouble, cloud, checks)
  if (trouble.endedAt === null || !(isOverByItself(trouble) || isOfPlace(trouble))) return
  await until(trouble.endedAt)
  while (!(await isTold(trouble, startedAt, stage.read))) await clock.sleep(askEveryMs)
  end(trouble, backWith(trouble, journal), cloud, checks)
}

/** Endings that were seen, and not chosen: whoever was replaced is ill for ever, and nobody asks him any more. */
const overByItself: readonly string[] = [
  'it was seen again',
  'it is as it was asked for',
  'it answers again, and its check passes',
  'its check passes again',
  'the check of its platform passes again',
  'done again',
]

/** How a dead host or zone ends that works again; who is down there still is told by itself from then on. */
const backAgain: readonly string[] = ['its provider has it back', 'a machine of ours runs there']

/** Members that are well again with the end of the trouble. */
function backWith(trouble: JournalTrouble, { troubles }: Journal): readonly string[] {
  const { members, ending, endedAt } = trouble
  if (!backAgain.includes(ending ?? '')) return isOverByItself(trouble) ? members : []
  const stillDown = troubles.filter(({ code, at }) => code === 'machine_dead' && at === endedAt)
  return members.filter((member) => !stillDown.some(({ subject }) => subject === member))
}

const isOverByItself = ({ ending }: JournalTrouble) => overByItself.includes(ending ?? '')
const isOfPlace = ({ code }: JournalTrouble) => code === 'host_dead' || code === 'zone_dead'

async function isTold({ code, subject }: JournalTrouble, startedAt: number, read: Db): Promise<boolean> {
  const row = await read
    .selectFrom('problems')
    .select('id')
    .where('code', '=', code as ProblemCode)
    .where('subject', '=', subject)
    .where('since', '>=', startedAt)
    .executeTakeFirst()
  return row !== undefined
}

function begin(trouble: JournalTrouble, cloud: ReplayCloud, checks: ReplayChecks): void {
  const { code, subject, detail, members } = trouble
  if (isOfPlace(trouble)) {
    cloud.strikePlace(subject, true)
    for (const member of members) cloud.strike(member, 'off')
  } else if (code === 'machine_dead') cloud.strike(subject, detail.includes('the provider says') ? 'off' : 'gone')
  else if (code === 'machine_changed') cloud.strike(subject, 'changed')
  else checks.lasts(trouble, true)
}

function end(trouble: JournalTrouble, back: readonly string[], cloud: ReplayCloud, checks: ReplayChecks): void {
  const { code, subject } = trouble
  if (isOfPlace(trouble)) {
    // When it works again is not told once nobody of the platform is there; who comes there later finds it well.
    cloud.strikePlace(subject, false)
    for (const member of back) cloud.strike(member, 'well')
  } else if (code === 'machine_dead' || code === 'machine_changed') cloud.strike(subject, 'well')
  else checks.lasts(trouble, false)
}

/** What the journal does not tell though it had a part in what happened, each with the reason. */
export function untold({ troubles, outcomes }: Journal): string[] {
  const named = troubles.flatMap(({ code, subject }) => {
    const origin = troubleOrigins[code as NamedProblemCode] ?? 'what led to it is not told'
    return origin === 'world' || origin === 'house' ? [] : [`${code} of ${subject}: ${origin}`]
  })
  const failed = outcomes.flatMap(({ step, code }) => {
    const why = code === null ? undefined : unplayedCodes[code as ProblemCode]
    return why === undefined ? [] : [`${code} of ${step}: ${why}`]
  })
  return [...new Set([...named, ...failed])]
}

/** What a step failed by that lies in no answer of a provider or a machine. */
const unplayedCodes: Readonly<Partial<Record<ProblemCode, string>>> = {
  secret_unavailable: 'a journal holds no secret, so none can be lost',
  internal: 'it was a mistake of Gantry itself, and lies in its log',
}
