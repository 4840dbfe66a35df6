// Each step of an operation fails: once, or until somebody mends it and asks again. It ends done, or it ends with a
// problem that names the step; then a retry ends done. Nothing is left behind.

import { ProviderFault } from '../../src/provider/fault.ts'
import type { Store } from '../../src/store/store.ts'
import { answerLost, type CallKind, type Meddler, meddled, refused } from './calls.ts'
import { retry } from './changes.ts'
import { expectEnded } from './invariants.ts'
import type { Start } from './start.ts'
import type { Way } from './sweep.ts'

/** How a call that creates or destroys may fail. */
const faults = {
  'fails once, nothing happened': { times: 1, acts: false, fault: overloaded },
  'fails once, it happened': { times: 1, acts: true, fault: answerLost },
  'is refused': { times: Number.POSITIVE_INFINITY, acts: false, fault: (_: CallKind, about: string) => refused(about) },
} as const
const exits = { 'exits with 3 once': 1, 'exits with 3': Number.POSITIVE_INFINITY } as const

interface Point {
  readonly call: 'create' | 'destroy' | 'power' | 'start'
  readonly about: string
  readonly how: keyof typeof faults | keyof typeof exits
}

/** How long a life may go on with a step that fails, ms: longer than any backoff or deadline of a shipped blueprint. */
const patienceMs = 45 * 60_000

export const failing: Way = {
  name: 'failing',
  points: async (start) => (await pointsOf(start)).map(kindOf),
  async live(start, { index }) {
    const point = (await pointsOf(start))[index]
    if (!point) throw new Error('there is no such point')
    return (await liveWith(start, point)) ? kindOf(point) : undefined
  },
}

const kindOf = ({ call, how }: Point): string => `${call === 'start' ? 'script' : call} ${how}`

const known = new WeakMap<Start, Promise<Point[]>>()

/** Every step of an undisturbed life, with each way it can fail. */
function pointsOf(start: Start): Promise<Point[]> {
  const before = known.get(start) ?? findPoints(start)
  known.set(start, before)
  return before
}

async function findPoints(start: Start): Promise<Point[]> {
  const { operation } = start
  const seen = new Map<string, Point[]>()
  await using begun = await start.begin()
  const { life, platform } = begun
  const process = await life.start(
    null,
    meddled({
      call({ kind, about, act }) {
        if (kind === 'create' || kind === 'destroy' || kind === 'power')
          seen.set(
            `${kind} ${about}`,
            hows(faults).map((how) => ({ call: kind, about, how })),
          )
        return act()
      },
      script(attempt) {
        const about = attempt.stepKey
        seen.set(
          about,
          hows(exits).map((how) => ({ call: 'start' as const, about, how })),
        )
        return attempt
      },
    }),
  )
  await life.wait(operation.act(life, process, platform))
  await process.run((store) => operation.over(life, store))
  return [...seen.values()].flat()
}

function hows<T extends object>(of: T): (keyof T)[] {
  return Object.keys(of) as (keyof T)[]
}

/** True when the step was really begun, and failed. */
async function liveWith(start: Start, point: Point): Promise<boolean> {
  const { operation } = start
  await using begun = await start.begin()
  const { life, platform } = begun
  const trouble = troubleAt(point)
  const process = await life.start(null, meddled(trouble.meddler))
  const acted = operation.act(life, process, platform).then(
    () => undefined,
    () => undefined,
  )
  const until = life.clock.now() + patienceMs
  const name = (await process.store.read.selectFrom('platforms').select('id').executeTakeFirst())?.id ?? platform
  let stuck = false
  let asked = false
  acted.then(
    () => {
      asked = true
    },
    () => undefined,
  )
  await process.run(async (store) => {
    // An operation that failed is over as well, but nobody is content with it.
    stuck = (asked && (await isStuck(store))) || life.clock.now() >= until
    return stuck || (await operation.over(life, store))
  })
  if (stuck) {
    await expectNamed(process.store, point)
    trouble.mend()
    const id = name ?? (await process.store.read.selectFrom('platforms').select('id').executeTakeFirstOrThrow()).id
    await life.wait((operation.again ?? retry)(process, id))
    await life.wait(acted)
    await process.run((store) => operation.over(life, store))
  }
  trouble.mend()
  await life.wait(acted)
  await operation.expect(life, process.store)
  await expectEnded(process.store)
  return trouble.happened()
}

function troubleAt(point: Point) {
  let left =
    point.how in faults ? faults[point.how as keyof typeof faults].times : exits[point.how as keyof typeof exits]
  let happened = false
  const ill = new Set<string>()
  const meddler: Meddler = {
    async call({ kind, about, act }) {
      if (kind !== point.call || kind === 'start' || about !== point.about || left <= 0) return act()
      left -= 1
      happened = true
      const { acts, fault } = faults[point.how as keyof typeof faults]
      if (acts) await act()
      throw fault(kind, about)
    },
    script(attempt) {
      if (point.call !== 'start' || attempt.stepKey !== point.about) return attempt
      // Asked for again under the same id it is the same script.
      if (!ill.has(attempt.id)) {
        if (left <= 0) return attempt
        left -= 1
        ill.add(attempt.id)
      }
      happened = true
      return { ...attempt, script: 'echo "made to fail" >&2\nexit 3\n' }
    },
  }
  return {
    meddler,
    happened: () => happened,
    mend: () => {
      left = 0
    },
  }
}

function overloaded(): ProviderFault {
  return new ProviderFault({ kind: 'transient', outcome: 'none' }, 'overloaded')
}

/** Nothing goes on by itself, or soon: the platform, or the operation it was asked for, waits for a person. */
async function isStuck(store: Store): Promise<boolean> {
  const platform = await store.read.selectFrom('platforms').select(['state', 'state_reason']).executeTakeFirst()
  if (platform?.state === 'blocked' || (platform?.state === 'deleting' && platform.state_reason !== null)) return true
  const failed = store.read.selectFrom('tasks').select('id').where('operation', 'is not', null)
  return (await failed.where('state', 'in', ['failed', 'blocked']).executeTakeFirst()) !== undefined
}

/** Somebody who asks why is told: by the step's record, a problem or the task, with the member or step that failed. */
async function expectNamed(store: Store, { about }: Point): Promise<void> {
  const { read } = store
  const records = await read.selectFrom('records').select(['key', 'problem']).where('problem', 'is not', null).execute()
  const problems = await read
    .selectFrom('problems')
    .select(['subject', 'detail'])
    .where('resolved_at', 'is', null)
    .execute()
  const tasks = await read.selectFrom('tasks').select(['problem']).where('problem', 'is not', null).execute()
  // Of a platform that is gone only its receipt can say that something is there again.
  const receipts = await read
    .selectFrom('receipt_objects')
    .select('resource_key')
    .where('reopened_at', 'is not', null)
    .execute()
  // And of what nobody remembers, only the event that told of it.
  const orphans = await read
    .selectFrom('events')
    .select(['kind', 'subject_id'])
    .where('kind', 'in', ['orphan.found', 'orphan.destroyed'])
    .execute()
  const removed = new Set(orphans.filter(({ kind }) => kind === 'orphan.destroyed').map((event) => event.subject_id))
  const said = [
    ...orphans.map(({ subject_id }) => subject_id).filter((key) => !removed.has(key)),
    ...receipts.map(({ resource_key }) => `the receipt of ${resource_key} is open`),
    ...records.map(({ key, problem }) => `${key}: ${problem}`),
    ...problems.map(({ subject, detail }) => `${subject}: ${detail}`),
    ...tasks.map(({ problem }) => `${problem}`),
  ]
  if (!said.some((text) => text.includes(about)))
    throw new Error(`nobody says that ${about} failed, only: ${said.join('; ')}`)
}
