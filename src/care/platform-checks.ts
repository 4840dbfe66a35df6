// The check of a whole platform, asked again and again of any member that is fit, once the platform is ready. What nobody
// answered is no verdict: how machines are is the business of their own checks and of scans.

import { platformCheckEveryMs } from '../blueprints/index.ts'
import { type HealthCheck, healthCheck, loadPlatform, type MemberView, type PlatformView } from '../engine/index.ts'
import type { PlatformId } from '../kernel/ids.ts'
import { statement } from '../store/statement.ts'
import { type Asking, ask, type CheckDeps, type CheckKind, doubtEveryMs, withEnvironment } from './check-kind.ts'
import { findingsOf, lasts, noteHealthy, noteUnhealthy } from './platform-verdict.ts'

const timeoutMs = 10_000
/** In a row until it is believed, COUNT. */
const failures = 3
const successes = 2

interface Subject {
  readonly id: PlatformId
  readonly everyMs: number
  /** Its problem, which is open, or of which a person wants to hear no more until it is over; null: there is none. */
  told: string | null
  failed: number
  passed: number
  /** Whose turn it is: the next when one did not answer. COUNT. */
  turn: number
  known: { readonly seq: number; readonly view: PlatformView; readonly check: HealthCheck | null } | null
}

/** Who is ready, or was found unhealthy. */
const selectChecked = statement((db) =>
  db
    .selectFrom('platforms')
    .leftJoin('problems', (join) =>
      join
        .onRef('problems.platform_id', '=', 'platforms.id')
        .on('problems.code', '=', 'platform_unhealthy')
        .on((on) => on.or([on('problems.resolved_at', 'is', null), on('problems.resolution', '=', 'ignore')])),
    )
    .select(['platforms.id', 'blueprint_digest', 'problems.id as problem'])
    .where('want', '=', 'present')
    .where('platforms.state', 'in', ['ready', 'degraded', 'changing', 'blocked'])
    .where((where) => where.or([where('platforms.state', '=', 'ready'), where('problems.id', 'is not', null)])),
)

const selectLast = statement((db, { id }: { id: PlatformId }) =>
  db
    .selectFrom('events')
    .select((select) => select.fn.max('seq').as('seq'))
    .where('platform_id', '=', id),
)

export function platformChecks(deps: CheckDeps): CheckKind<Subject> {
  const { read } = deps.store
  return { what: 'platforms', mostAtOnce: 32, meet, examine }

  async function meet(known: ReadonlyMap<string, Subject>): Promise<ReadonlyMap<string, Subject>> {
    const paces = new Map<string, number | null>()
    const met = new Map<string, Subject>()
    for (const { id, blueprint_digest: digest, problem } of await selectChecked.all(read, {})) {
      if (!paces.has(digest)) paces.set(digest, platformCheckEveryMs(await deps.blueprints(read, digest)))
      const everyMs = paces.get(digest) ?? null
      if (everyMs === null) continue
      const before = known.get(id)
      const subject =
        before?.everyMs === everyMs ? before : { id, everyMs, told: null, failed: 0, passed: 0, turn: 0, known: null }
      if (subject.told !== problem) judged(subject, problem)
      met.set(id, subject)
    }
    return met
  }

  async function examine(subject: Subject, signal: AbortSignal): Promise<number> {
    const { view, check } = (await whatIsKnown(subject)) ?? { view: null, check: null }
    const member = check?.executors[subject.turn % check.executors.length]
    if (!view || !check || !member) return subject.everyMs
    // No event tells that what was ignored is over, and another process may have seen it.
    if (subject.told !== null && !(await lasts(read, subject.told))) judged(subject, null)
    const { id, endpoints, loginUser, hostKey } = member.machine
    const machine = { id, endpoints, loginUser, hostKey, sshSecret: view.sshSecret }
    const asked = await ask(deps, machine, await scriptFor(check, member), timeoutMs, signal)
    if (!asked) return doubtEveryMs
    const { answer } = asked
    if (answer.kind === 'silent') {
      subject.turn += 1
      return doubtEveryMs
    }
    const passes = answer.exitCode === 0
    subject.failed = passes ? 0 : subject.failed + 1
    subject.passed = passes ? subject.passed + 1 : 0
    const { told } = subject
    if (passes && told !== null && subject.passed >= successes) await pass(view, asked, told)
    else if (!passes && told === null && subject.failed >= failures)
      await fail(view, asked, check, member, answer.exitCode, answer.said)
    return passes && told === null ? subject.everyMs : Math.min(subject.everyMs, doubtEveryMs)
  }

  /** Read anew only when something happened to the platform. */
  async function whatIsKnown(subject: Subject): Promise<Subject['known']> {
    const seq = (await selectLast.first(read, { id: subject.id }))?.seq ?? 0
    if (subject.known?.seq === seq) return subject.known
    const view = await loadPlatform(read, deps.blueprints, subject.id)
    subject.known = view ? { seq, view, check: healthCheck(view) } : null
    return subject.known
  }

  async function scriptFor(check: HealthCheck, member: MemberView): Promise<string> {
    const env = { ...check.env, ...check.factsOf(member) }
    for (const [name, ref] of Object.entries(check.secretEnv)) env[name] = await deps.secret(ref)
    return withEnvironment(env, check.script)
  }

  async function fail(
    view: PlatformView,
    { isFresh }: Asking,
    check: HealthCheck,
    member: MemberView,
    exitCode: number,
    said: string,
  ): Promise<void> {
    // What knows a secret may print it.
    const { why, members } = findingsOf(Object.keys(check.secretEnv).length > 0 ? '' : said, view)
    const detail = `${check.path} on ${member.ref} says: ${why === '' ? `exit code ${exitCode}` : why}`
    const changed = await deps.store.write(
      async (tx) => isFresh() && (await noteUnhealthy(tx, deps.seams, view, detail, members)),
    )
    if (changed) deps.wake(view.id)
  }

  async function pass(view: PlatformView, { isFresh }: Asking, problem: string): Promise<void> {
    const cause = 'its check passes again'
    const changed = await deps.store.write(
      async (tx) => isFresh() && (await noteHealthy(tx, deps.seams, view, problem, cause)),
    )
    if (changed) deps.wake(view.id)
  }
}

/** Somebody has a verdict, this process or another: what was counted before it is used up. */
function judged(subject: Subject, told: Subject['told']): void {
  Object.assign(subject, { told, failed: 0, passed: 0 })
}
