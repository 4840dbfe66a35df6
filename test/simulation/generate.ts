// From a seed to a history.

import type { Json } from '../../src/kernel/canonical.ts'
import { seededRandom } from '../support/random.ts'
import type { About, Act, Action, Script, Term } from './action.ts'
import { publishable } from './blueprints.ts'
import { hosts } from './cloud.ts'
import { everyFour, hourly, type Zone, zones } from './times.ts'
import type { Count } from './weather.ts'

/** How long tenants ask for things and the world misbehaves, ms. */
const troubledMs = 160_000

const versions = ['1.0.0', '2.0.0'] as const

const counts: readonly (readonly [Count, number])[] = [
  ['loseCreateReplies', 2],
  ['lateCreates', 2],
  ['tooLateCreates', 1],
  ['doubleCreates', 1],
  ['loseDestroyReplies', 2],
  ['refuseCapacity', 2],
  ['failBoots', 2],
  ['throttle', 6],
  ['failScripts', 3],
  ['slowScripts', 2],
  ['breakCalls', 4],
]

/** The first of each kind. */
function oneOfEach(...terms: readonly Term[]): readonly Term[] {
  return terms.filter(({ kind }, at) => terms.findIndex((one) => one.kind === kind) === at)
}

export function generate(seed: number): Script {
  const random = seededRandom(seed ^ 0x5eed)
  const chance = (share: number) => random.next() < share
  const between = (least: number, most: number) => least + Math.floor(random.next() * (most - least + 1))
  const oneOf = <T>(items: readonly T[]): T => {
    const item = items[between(0, items.length - 1)]
    if (item === undefined) throw new Error('nothing to choose from')
    return item
  }
  const actions: Action[] = []
  const add = (at: number, act: Act) => actions.push({ ...act, at: Math.max(0, Math.min(at, troubledMs)) })
  const processes = chance(0.65) ? 2 : 1

  const platforms = between(2, 4)
  for (let number = 0; number < platforms; number++) {
    const about = { tenant: between(0, 1), platform: `p${number}` }
    const begins = between(0, chance(0.6) ? 5_000 : 60_000)
    const plain = chance(0.45)
    const parameters = (): Readonly<Record<string, Json>> =>
      plain ? { count: between(1, 4) } : { voters: oneOf([1, 3]), workers: between(0, 3) }
    const blueprint = `${plain ? 'plain' : 'council'}@${oneOf(versions)}`
    add(begins, {
      kind: 'create',
      ...about,
      blueprint,
      parameters: parameters(),
      terms: chance(0.35) ? oneOfEach(term(), term()) : [],
    })
    agree(about, begins)
    if (chance(0.2)) keepUp(about, blueprint, begins)
    for (let changes = chance(0.6) ? between(1, 3) : 0; changes > 0; changes--) {
      const at = begins + between(5_000, 115_000)
      const dice = random.next()
      if (dice < 0.35) add(at, { kind: 'change', ...about, parameters: parameters() })
      else if (dice < 0.55) add(at, { kind: 'change', ...about, parameters: { revision: between(1, 3) } })
      else if (dice < 0.65)
        add(at, { kind: 'change', ...about, parameters: { flavor: oneOf(['small', 'medium']), ...parameters() } })
      else if (dice < 0.85) add(at, { kind: 'upgrade', ...about, version: chance(0.7) ? '2.0.0' : '1.0.0' })
      else add(at, { kind: oneOf(['rollback', 'renew'] as const), ...about })
      // While it is under way, or done and its old machines still warm.
      if (dice < 0.85 && chance(0.5)) add(at + between(10_000, 80_000), { kind: 'rollback', ...about })
      // What is changed is best disturbed while it changes.
      if (chance(0.4)) add(at + between(0, 20_000), fault())
      if (chance(0.2)) add(at + between(0, 5_000), { kind: 'count', count: 'slowScripts', times: between(1, 3) })
      if (chance(0.2)) add(at + between(500, 20_000), { kind: 'cancel', ...about })
    }
    if (chance(0.3)) {
      const at = begins + between(500, 40_000)
      add(at, { kind: 'cancel', ...about })
      if (chance(0.7)) add(at + between(1_000, 40_000), { kind: 'resume', ...about })
    }
    for (let times = between(0, 2); times > 0; times--)
      add(begins + between(15_000, 100_000), { kind: 'operation', ...about, operation: oneOf(['survey', 'rekey']) })
    if (chance(0.2)) {
      const at = begins + between(1_000, 80_000)
      add(at, { kind: 'pause', ...about })
      if (chance(0.7)) add(at + between(1_000, 40_000), { kind: 'resume', ...about })
    }
    if (chance(0.25)) {
      const at = begins + between(15_000, 80_000)
      add(at, { kind: 'hibernate', ...about })
      if (chance(0.3)) add(at + between(0, 10_000), fault())
      if (chance(0.7)) add(at + between(1_000, 60_000), { kind: 'wake', ...about })
    }
    if (chance(0.25)) add(begins + between(15_000, 100_000), { kind: 'retry', ...about })
    for (let times = between(0, 3); times > 0; times--)
      add(begins + between(10_000, 130_000), { kind: 'resolve', ...about, pick: between(0, 1_000) })
    // Long enough to be taken over, in the middle of work.
    if (processes > 1 && chance(0.2))
      add(begins + between(0, 8_000), { kind: 'stop', process: between(0, 1), ms: between(11_000, 40_000) })
    if (chance(0.2)) {
      const at = begins + between(20_000, 70_000)
      // Nobody but a person mends what is paused.
      const paused = chance(0.6)
      if (paused) add(at, { kind: 'pause', ...about })
      add(at + 1_000, { kind: 'blackout', ...about })
      for (let times = between(1, 3); times > 0; times--)
        add(at + between(13_000, 30_000), { kind: 'resolve', ...about, pick: between(0, 1_000) })
      if (paused) add(at + between(31_000, 60_000), { kind: 'resume', ...about })
    }
    if (chance(0.15)) {
      add(begins, { kind: 'count', count: 'tooLateCreates', times: 1 })
      if (chance(0.7)) add(begins + between(500, 20_000), { kind: 'delete', ...about })
    }
    if (chance(0.5)) {
      const at = begins + between(300, 110_000)
      add(at, { kind: 'delete', ...about })
      if (chance(0.25)) {
        // Its provider is not to be had while it goes.
        if (chance(0.7)) add(at - 500, { kind: 'spell', spell: oneOf(['unreachableUntil', 'deniedUntil']), ms: 30_000 })
        add(at + between(0, 15_000), { kind: 'forget', ...about })
      }
    }
  }
  if (chance(0.25)) {
    const { name } = oneOf(hosts)
    const deadlineMs = chance(0.5) ? between(5_000, 60_000) : null
    add(between(10_000, 120_000), { kind: 'maintain', host: name, ms: between(1_000, 90_000), deadlineMs })
  }
  for (let times = chance(0.5) ? between(1, 2) : 0; times > 0; times--)
    add(between(5_000, 100_000), { kind: 'publish', blueprint: oneOf(publishable) })
  add(between(20_000, troubledMs), { kind: 'read', tenant: between(0, 1) })

  for (let faults = between(3, 9); faults > 0; faults--) add(between(0, troubledMs), fault())

  /** What is agreed of a platform after it was asked for. */
  function agree(about: About, begins: number): void {
    const at = () => begins + between(1_000, 90_000)
    if (chance(0.4)) add(at(), { ...term(), ...about })
    if (chance(0.15)) {
      const agreedAt = at()
      add(agreedAt, { ...lease(), ...about })
      // In time or after its end.
      if (chance(0.5)) add(agreedAt + between(1_000, 80_000), { ...lease(), ...about })
    }
    if (chance(0.15)) {
      const agreedAt = at()
      add(agreedAt, { kind: 'protect', on: true, ...about })
      if (chance(0.5)) add(agreedAt + between(1_000, 60_000), { kind: 'delete', ...about })
      if (chance(0.5)) add(agreedAt + between(1_000, 80_000), { kind: 'protect', on: false, ...about })
    }
  }

  function term(): Term {
    const dice = random.next()
    const timeZone = oneOf(Object.keys(zones)) as Zone
    if (dice < 0.15) return lease()
    if (dice < 0.35) {
      const sleeps = between(0, 2)
      const hibernate = chance(0.85) ? hourly(sleeps, timeZone) : null
      const wake = hibernate === null || chance(0.8) ? hourly(sleeps + between(0, 2), timeZone) : null
      return { kind: 'schedule', hibernate, wake, timeZone }
    }
    if (dice < 0.6) return window(timeZone)
    if (dice < 0.9) return { kind: 'follow', follow: oneOf(['none', 'patch', 'minor', 'minor'] as const) }
    return { kind: 'protect', on: true }
  }

  function window(timeZone: Zone): Term {
    return { kind: 'window', opens: everyFour(between(0, 3), timeZone), seconds: between(60, 150), timeZone }
  }

  /** It follows its blueprint, of which another version comes; and where it may be a host is emptied, in its window. */
  function keepUp(about: About, blueprint: string, begins: number): void {
    add(begins + between(500, 10_000), { kind: 'follow', follow: oneOf(['patch', 'minor']), ...about })
    const newer = publishable.filter((one) => one.startsWith(blueprint.slice(0, -'0.0'.length)))
    add(begins + between(10_000, 50_000), { kind: 'publish', blueprint: oneOf(newer) })
    if (chance(0.4)) return
    add(begins + between(500, 10_000), { ...window(oneOf(Object.keys(zones)) as Zone), ...about })
    const [ms, deadlineMs] = [between(60_000, 150_000), between(60_000, 150_000)]
    add(begins + between(15_000, 40_000), { kind: 'maintain', host: oneOf(hosts).name, ms, deadlineMs })
  }

  function lease(): Term {
    return { kind: 'lease', ms: between(10_000, 90_000), graceMs: between(10_000, 80_000) }
  }

  function fault(): Act {
    const dice = random.next()
    const process = between(0, processes - 1)
    if (dice < 0.4) {
      const [count, most] = oneOf(counts)
      return { kind: 'count', count, times: between(1, most) }
    }
    if (dice < 0.5) {
      const spell = oneOf(['unreachableUntil', 'deniedUntil', 'slowUntil', 'lagUntil'] as const)
      return { kind: 'spell', spell, ms: between(2_000, 60_000) }
    }
    if (dice < 0.56) {
      const zone = chance(0.35)
      const { name, zone: its } = oneOf(hosts)
      const dead = zone ? hosts.filter((host) => host.zone === its).map((host) => host.name) : [name]
      return { kind: 'hosts', hosts: dead, ms: between(5_000, 80_000), vanish: chance(0.3) }
    }
    if (dice < 0.74) {
      const how = oneOf(['vanish', 'off', 'reboot', 'cut', 'hide', 'undo', 'ill', 'reshape'] as const)
      return { kind: 'machine', pick: between(0, 1_000), how, ms: between(1_000, 60_000) }
    }
    if (dice < 0.86) {
      const boundary = chance(0.6) ? between(0, 60) : null
      return { kind: 'kill', process, boundary, downMs: between(0, 20_000) }
    }
    if (dice < 0.92) return { kind: 'stop', process, ms: between(1_000, 40_000) }
    const how = oneOf(['full', 'fail', 'unknown'] as const)
    return { kind: 'disk', process, how, ms: between(1_000, 15_000), times: between(1, 3) }
  }

  return {
    setting: {
      seed,
      cloud: {
        lookup: chance(0.6) ? 'consistent' : 'eventual',
        settleMs: between(4, 20) * 1_000,
        latencyMs: between(2, 150),
      },
      processes,
      streams: chance(0.3),
      lost: oneOf(['refound', 'restore', 'delete'] as const),
      oneMachine: chance(0.5),
      deleteAll: chance(0.4),
    },
    actions: actions.toSorted((one, other) => one.at - other.at),
  }
}
