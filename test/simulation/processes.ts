// The places in which a Gantry runs. Whoever dies is started anew after a while, as a supervisor does.

import { seededRandom } from '../support/random.ts'
import { type SimProcess, startProcess } from './process.ts'
import { Violation } from './violation.ts'
import { errorText, type World } from './world.ts'

export interface Processes {
  /** Who runs in a place now, dead or alive. */
  at(place: number): SimProcess | undefined
  /** Those who answer. */
  answering(): readonly SimProcess[]
  /** For how long a place stays empty after a death, ms. */
  staysDown(place: number, ms: number): void
  startAll(): Promise<void>
  /** Everybody runs, is awake, has a disk and will not be killed any more. */
  heal(): void
  end(): void
}

export function openProcesses(world: World): Processes {
  const { setting, clock } = world
  const places: (SimProcess | undefined)[] = Array.from({ length: setting.processes }, () => undefined)
  const starting = new Set<number>()
  const dead = new Set<string>()
  const downMs = new Map<number, number>()
  let serial = 0
  let healed = false
  let over = false

  async function start(place: number): Promise<void> {
    if (over || places[place]?.alive || starting.has(place)) return
    starting.add(place)
    serial += 1
    const name = `gantry-${serial}`
    const life = clock.life()
    // Chance of its own, so that what one process draws moves no other.
    const random = seededRandom(setting.seed * 1_000 + serial)
    try {
      places[place] = await startProcess(name, {
        ...world,
        life: { seams: { clock: life.seams.clock, random }, end: life.end },
        token: world.template.token,
        isDead: (other) => setting.oneMachine && dead.has(other),
        onCommit: world.watch.onCommit,
        onDeath(who) {
          dead.add(who)
          world.later(world.sleep(healed ? 0 : (downMs.get(place) ?? 1_000)).then(() => start(place)))
        },
        onError: (message, error) => world.fail(new Violation('no-internal-error', `${message} ${errorText(error)}`)),
      })
      world.journal.note(`${name} is up`)
    } finally {
      starting.delete(place)
    }
  }

  return {
    at: (place) => places[place],
    answering: () => places.filter((one) => one !== undefined).filter((one) => one.alive && !one.stopped),
    staysDown(place, ms) {
      downMs.set(place, ms)
    },
    async startAll() {
      await Promise.all(places.map((_, place) => start(place)))
    },
    heal() {
      healed = true
      for (const [place, one] of places.entries()) {
        one?.wake()
        one?.killAt(Number.POSITIVE_INFINITY)
        if (one) Object.assign(one.disk, { full: false, failNext: 0, unknownNext: 0 })
        if (!one?.alive) world.later(start(place))
      }
    },
    end() {
      over = true
      for (const one of places) one?.kill()
    },
  }
}
