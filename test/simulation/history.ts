// One history: the script of a seed, lived through in a mean world, then healed, brought to rest and questioned.

import { seededRandom } from '../support/random.ts'
import type { Script } from './action.ts'
import { checkAsked } from './asked.ts'
import { type Counters, isSometimes } from './counters.ts'
import { type Follower, openFollower } from './follow.ts'
import { openOutside } from './outside.ts'
import { openPerson, type Person } from './person.ts'
import { openProcesses } from './processes.ts'
import { openRest, type Rest } from './rest.ts'
import type { Template } from './template.ts'
import { openTenants, type Tenants } from './tenants.ts'
import { openTerms, type Terms } from './terms.ts'
import { Violation } from './violation.ts'
import { standing } from './watch.ts'
import { errorText, openWorld, type World, type WorldOptions } from './world.ts'

export interface Outcome {
  /** Of its journal. */
  readonly hash: string
  readonly violation: Violation | undefined
  readonly counters: Counters
  /** The last lines of its journal. */
  readonly tail: readonly string[]
}

/** Within so long after healing everything has come to an end, ms. */
const boundMs = 3_600_000
/** How often a person looks after what needs one, ms. */
const personMs = 60_000
/** A platform that nobody can mend is deleted by its tenant so long after healing, ms. */
const giveUpMs = 1_200_000

/** Lives through a script; the first promise that is broken ends it. */
export async function liveThrough(template: Template, script: Script, options: WorldOptions = {}): Promise<Outcome> {
  using world = openWorld(template, script.setting, options)
  const processes = openProcesses(world)
  const tenants = openTenants({
    clock: world.clock.seams.clock,
    tenants: template.tenants,
    provider: template.provider,
    journal: world.journal,
    counters: world.counters,
    answering: processes.answering,
    fail: world.fail,
  })
  const followers = template.tenants.map(({ tenant }, at) =>
    openFollower({
      tenant,
      streams: at === 1 && script.setting.streams,
      token: template.token,
      clock: world.clock.seams.clock,
      random: seededRandom(script.setting.seed ^ (0xf0110 + at)),
      counters: world.counters,
      answering: processes.answering,
      fail: world.fail,
    }),
  )
  const person = openPerson(tenants, world.counters, world.clock.seams.clock)
  const terms = openTerms({
    tenants,
    clock: world.clock.seams.clock,
    counters: world.counters,
    agreed: world.watch.agreed,
    answering: processes.answering,
  })
  const outside = openOutside(world, processes, { tenants, terms, person })
  const rest = openRest(world.watch.database, world.cloud, world.clock.now)
  try {
    await live()
  } catch (error) {
    world.fail(error instanceof Violation ? error : new Violation('no-broken-rule', errorText(error)))
  }
  for (const what of rest.branches()) if (isSometimes(what)) world.counters.hit(what)
  processes.end()
  await world.clock.settle()
  return { hash: world.journal.hash(), violation: world.violation, counters: world.counters, tail: world.journal.tail }

  async function live(): Promise<void> {
    const startedAt = world.clock.now()
    await processes.startAll()
    for (const action of script.actions) {
      const waitMs = startedAt + action.at - world.clock.now()
      if (waitMs > 0) await world.clock.advance(waitMs)
      if (world.violation) return
      outside.act(action)
    }
    await world.clock.advance(10_000)
    if (world.violation) return
    rest.checkBooks()
    world.journal.note('> heal')
    outside.heal()
    await comeToRest(world, { tenants, terms, person }, rest, followers)
    if (world.violation || !script.setting.deleteAll) return
    world.journal.note('> delete everything')
    for (const { tenant, name } of tenants.platforms.values()) world.later(terms.remove(tenant, name))
    await comeToRest(world, { tenants, terms, person }, rest, followers)
    const [left] = standing(world.cloud, world.clock.now())
    if (left) world.fail(new Violation('no-leak', `${left.ref} of ${left.key} is left at the provider`))
  }
}

/** Lets time pass, and a person look after things, until nothing moves any more; then everything must be right. */
async function comeToRest(
  world: World,
  { tenants, terms, person }: { readonly tenants: Tenants; readonly terms: Terms; readonly person: Person },
  rest: Rest,
  followers: readonly Follower[],
): Promise<void> {
  const { clock } = world
  const since = clock.now()
  let lookedAt = since
  for (;;) {
    await clock.advance(2_000)
    if (world.violation) return
    const left = tenants.waiting > 0 ? ['requests are not answered'] : rest.unrest()
    if (left.length === 0) break
    if (clock.now() - since > boundMs) throw new Violation('terminal', left.join('; '))
    if (clock.now() - lookedAt < personMs) continue
    lookedAt = clock.now()
    const late = clock.now() - since > giveUpMs
    for (const owned of tenants.platforms.values()) {
      const { tenant, name, id } = owned
      const state = rest.platforms().find((row) => row.id === id)?.state
      const problems = rest.problems(id)
      const lost = problems.includes('quorum_lost')
      if (problems.includes('lease_expired')) world.later(terms.renew(tenant, name))
      if (state === 'held' || state === 'paused') world.later(tenants.change(tenant, name, 'resume'))
      if (state === 'hibernated') world.later(tenants.change(tenant, name, 'wake'))
      if (state === 'degraded') world.later(person.takeBack(owned))
      if (state !== 'blocked') continue
      const way = world.setting.lost
      if (late || (lost && way === 'delete')) world.later(terms.remove(tenant, name))
      else if (lost && way !== 'delete') world.later(person.save(owned, way === 'restore'))
      else world.later(tenants.change(tenant, name, 'retry'))
    }
  }
  rest.checkBooks()
  rest.checkWorld(tenants)
  world.watch.agreed.check(clock.now())
  checkAsked(world.watch.database, standing(world.cloud, clock.now()))
  for (const follower of followers) {
    await clock.runUntil(follower.catchUp())
    follower.check(world.watch.database)
  }
}
