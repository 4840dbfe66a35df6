// What a history is played with: a clock, a cloud, machines, a file that survives, and whoever watches.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Remote } from '../../src/bootstrap/remote.ts'
import { makeFolder } from '../support/folder.ts'
import { seededRandom } from '../support/random.ts'
import { type VirtualClock, virtualClock } from '../support/virtual-clock.ts'
import type { Setting } from './action.ts'
import { openCloud, type SimCloud } from './cloud.ts'
import { Counters } from './counters.ts'
import { ownWorld } from './guard.ts'
import { type Journal, openJournal } from './journal.ts'
import type { Plant } from './process.ts'
import { openRemote } from './remote.ts'
import type { Template } from './template.ts'
import { Violation } from './violation.ts'
import { openWatch, type Watch } from './watch.ts'

export interface World extends Disposable {
  readonly template: Template
  readonly setting: Setting
  readonly path: string
  readonly clock: VirtualClock
  readonly journal: Journal
  readonly counters: Counters
  readonly cloud: SimCloud
  readonly remote: Remote
  readonly watch: Watch
  readonly plant: Plant
  /** The first promise that was broken. */
  readonly violation: Violation | undefined
  fail(violation: Violation): void
  /** Goes on beside everything else; what it throws is a broken promise. */
  later(work: Promise<unknown>): void
  sleep(ms: number): Promise<void>
}

export interface WorldOptions {
  readonly plant?: Plant
  /** Hears every line of the journal. */
  readonly told?: (line: string) => void
}

export function openWorld(template: Template, setting: Setting, options: WorldOptions): World {
  using opened = new DisposableStack()
  const folder = opened.use(makeFolder())
  const path = join(folder.path, 'gantry.db')
  writeFileSync(path, template.bytes)
  const clock = virtualClock(setting.seed, template.startMs)
  const journal = openJournal(clock.now, options.told)
  const counters = new Counters()
  let violation: Violation | undefined
  const fail = (found: Violation) => {
    if (violation) return
    violation = found
    journal.note(`BROKEN ${found.message}`)
  }
  const failWith = (error: unknown) =>
    fail(error instanceof Violation ? error : new Violation('no-broken-rule', errorText(error)))
  opened.use(ownWorld((what) => fail(new Violation('own-world', what))))
  process.on('unhandledRejection', failWith)
  opened.defer(() => process.off('unhandledRejection', failWith))
  const outside = { clock: clock.seams.clock, journal, counters }
  const cloud = openCloud({ ...outside, random: seededRandom(setting.seed ^ 0xc10d) }, setting.cloud)
  const watch = opened.use(openWatch({ path, startedAt: template.startMs, cloud, journal, counters, fail }))
  cloud.watch(watch)
  const remote = openRemote({ ...outside, random: seededRandom(setting.seed ^ 0x5e55), cloud, onStart: watch.onStart })
  const kept = opened.move()
  return {
    template,
    setting,
    path,
    clock,
    journal,
    counters,
    cloud,
    remote,
    watch,
    plant: options.plant ?? {},
    get violation() {
      return violation
    },
    fail,
    later(work) {
      work.catch(failWith)
    },
    sleep: (ms) => clock.seams.clock.sleep(ms),
    [Symbol.dispose]: () => kept.dispose(),
  }
}

/** An error in one line, with the place in the product it came from. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const at = error.stack?.split('\n').find((line) => /\/(src|providers)\//.test(line))
  return `${error.name}: ${error.message}${at ? ` (${at.trim().replace(/^.*\/(?=(src|providers)\/)/, '')}` : ''}`
}
