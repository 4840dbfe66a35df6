// The check of a whole platform, asked again and again of any member that is fit, once the platform is ready. As with
// machines nothing is written for a check, only for a change of verdict, and what nobody answered is no verdict: how
// machines are is the business of their own checks and of scans.

import { platformCheckEveryMs } from '../blueprints/index.ts'
import { type HealthCheck, healthCheck, loadPlatform, type MemberView, type PlatformView } from '../engine/index.ts'
import { lastEventSeq } from '../events/index.ts'
import type { PlatformId } from '../kernel/ids.ts'
import type { CheckDeps } from './checks.ts'
import { findingsOf, noteHealthy, noteUnhealthy } from './platform-verdict.ts'

interface PlatformCheckDeps extends CheckDeps {
  /** The value behind a reference. */
  readonly secret: (ref: string) => Promise<string>
}

const tickMs = 1_000
const timeoutMs = 10_000
/** In a row until it is believed, COUNT. */
const failures = 3
const successes = 2
const mostAtOnce = 32
/** After a failure the next check comes as soon as this, ms. */
const doubtEveryMs = 2_000
/** A check that took so much longer than it may: this process slept, or its clock was set. */
const sleptMs = 5_000

interface Subject {
  readonly everyMs: number
  /** Its problem is open, or a person wants to hear no more of it until it is over. */
  told: boolean
  restMs: number
  checking: boolean
  failed: number
  passed: number
  /** Whose turn it is: the next when one did not answer. COUNT. */
  turn: number
  known: { readonly seq: number; readonly view: PlatformView; readonly check: HealthCheck | null } | null
}

/** Begins to check; disposing it ends that. */
export function startPlatformChecks(deps: PlatformCheckDeps): AsyncDisposable {
  const { clock, random } = deps.seams
  const { read } = deps.store
  const controller = new AbortController()
  const { signal } = controller
  const subjects = new Map<PlatformId, Subject>()
  const running = new Set<Promise<void>>()
  let seen = -1
  const looping = loop()

  return {
    async [Symbol.asyncDispose]() {
      controller.abort(new Error('checks stop'))
      await looping
      await Promise.all(running)
    },
  }

  async function loop(): Promise<void> {
    while (!signal.aborted) {
      await meet().catch((error: unknown) => {
        if (!signal.aborted) deps.log('platforms to check could not be listed', { error })
      })
      for (const [id, subject] of subjects) begin(id, subject)
      await clock.sleep(tickMs, signal).catch(() => undefined)
      for (const subject of subjects.values()) subject.restMs -= tickMs
    }
  }

  /** Who is to be checked: who is ready, or was found unhealthy. Asked only when something happened at all. */
  async function meet(): Promise<void> {
    const seq = await lastEventSeq(read)
    if (seq === seen) return
    const rows = await read
      .selectFrom('platforms')
      .leftJoin('problems', (join) =>
        join
          .onRef('problems.platform_id', '=', 'platforms.id')
          .on('problems.code', '=', 'platform_unhealthy')
          .on((on) => on.or([on('problems.resolved_at', 'is', null), on('problems.resolution', '=', 'ignore')])),
      )
      .select(['platforms.id', 'platforms.state', 'blueprint_digest', 'problems.id as problem'])
      .where('want', '=', 'present')
      .where('platforms.state', 'in', ['ready', 'degraded', 'changing', 'blocked'])
      .execute()
    const paces = new Map<string, number | null>()
    const met = new Set<PlatformId>()
    for (const { id, state, blueprint_digest: digest, problem } of rows) {
      if (state !== 'ready' && problem === null) continue
      if (!paces.has(digest)) paces.set(digest, platformCheckEveryMs(await deps.blueprints(read, digest)))
      const everyMs = paces.get(digest) ?? null
      if (everyMs === null) continue
      met.add(id)
      const told = problem !== null
      const known = subjects.get(id)
      if (known && known.everyMs === everyMs) known.told = told
      else {
        const restMs = Math.floor(random.next() * everyMs)
        subjects.set(id, { everyMs, told, restMs, checking: false, failed: 0, passed: 0, turn: 0, known: null })
      }
    }
    for (const id of subjects.keys()) if (!met.has(id)) subjects.delete(id)
    seen = seq
  }

  function begin(id: PlatformId, subject: Subject): void {
    if (signal.aborted || subject.checking || subject.restMs > 0 || running.size >= mostAtOnce) return
    subject.checking = true
    const work = examine(id, subject)
      .catch((error: unknown) => {
        if (!signal.aborted) deps.log('a platform could not be checked', { platform: id, error })
        return subject.everyMs
      })
      .then((restMs) => {
        subject.restMs = restMs
        subject.checking = false
        running.delete(work)
      })
    running.add(work)
  }

  /** One check and what follows; answers the ms until the next. */
  async function examine(id: PlatformId, subject: Subject): Promise<number> {
    const known = await whatIsKnown(id, subject)
    const { view, check } = known ?? { view: null, check: null }
    const member = check?.executors[subject.turn % check.executors.length]
    if (!view || !check || !member) return subject.everyMs
    const { id: machine, endpoints, loginUser, hostKey } = member.machine
    const startedAt = clock.now()
    const asked = { id: machine, endpoints, loginUser, hostKey, sshSecret: view.sshSecret }
    const answer = await deps.probe(asked, await scriptFor(check, member), timeoutMs, signal)
    const tookMs = clock.now() - startedAt
    if (signal.aborted || tookMs < 0 || tookMs > timeoutMs + sleptMs) return doubtEveryMs
    if (answer.kind === 'silent') {
      subject.turn += 1
      return doubtEveryMs
    }
    const passes = answer.exitCode === 0
    subject.failed = passes ? 0 : subject.failed + 1
    subject.passed = passes ? subject.passed + 1 : 0
    if (passes && subject.told && subject.passed >= successes) await pass(view, subject)
    else if (!passes && !subject.told && subject.failed >= failures)
      await fail(view, check, subject, member, answer.exitCode, answer.said)
    return passes && !subject.told ? subject.everyMs : Math.min(subject.everyMs, doubtEveryMs)
  }

  /** Read anew only when something happened to the platform. */
  async function whatIsKnown(id: PlatformId, subject: Subject): Promise<Subject['known']> {
    const row = await read
      .selectFrom('events')
      .select((select) => select.fn.max('seq').as('seq'))
      .where('platform_id', '=', id)
      .executeTakeFirst()
    const seq = Number(row?.seq ?? 0)
    if (subject.known?.seq === seq) return subject.known
    const view = await loadPlatform(read, deps.blueprints, id)
    subject.known = view ? { seq, view, check: healthCheck(view) } : null
    return subject.known
  }

  async function scriptFor(check: HealthCheck, member: MemberView): Promise<string> {
    const env = new Map(Object.entries({ ...check.env, ...check.factsOf(member) }))
    for (const [name, ref] of Object.entries(check.secretEnv)) env.set(name, await deps.secret(ref))
    return `${[...env].map(([name, text]) => `export ${name}=${quoted(text)}`).join('\n')}\n${check.script}`
  }

  async function fail(
    view: PlatformView,
    check: HealthCheck,
    subject: Subject,
    member: MemberView,
    exitCode: number,
    said: string,
  ): Promise<void> {
    // What knows a secret may print it.
    const { why, members } = findingsOf(Object.keys(check.secretEnv).length > 0 ? '' : said, view)
    const detail = `${check.path} on ${member.ref} says: ${why === '' ? `exit code ${exitCode}` : why}`
    await deps.store.write((tx) => noteUnhealthy(tx, deps.seams, view, detail, members))
    subject.told = true
    deps.wake(view.id)
  }

  async function pass(view: PlatformView, subject: Subject): Promise<void> {
    await deps.store.write((tx) => noteHealthy(tx, deps.seams, view))
    subject.told = false
    deps.wake(view.id)
  }
}

/** As one word of a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
