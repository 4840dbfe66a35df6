// Everything acts twice: a process is stopped at each moment, another one takes over, and the first one wakes; each call
// reaches the outside two times; or its answer is lost and it is asked again. Nothing may be there double for that.

import { answerLost, type CallKind, meddled } from './calls.ts'
import type { Gate, Parts } from './process.ts'
import type { Start } from './start.ts'
import { expectAll, type Way } from './sweep.ts'

/** Stopped as by SIGSTOP whenever something came back to it or is about to be written; woken when all is done. */
export const stopping: Way = {
  name: 'stopped',
  async points(start) {
    const kinds: string[] = []
    await undisturbed(start, { gate: gateThat(kinds, null) })
    return kinds
  },
  async live(start, { index }) {
    const { operation } = start
    await using begun = await start.begin()
    const { life, platform } = begun
    const passed: string[] = []
    const gate = gateThat(passed, index)
    const first = await life.start(null, { gate })
    const acted = ended(operation.act(life, first, platform))
    const over = first.run((store) => operation.over(life, store))
    await life.wait(Promise.race([gate.stopped, over]))
    if (!gate.isStopped()) return undefined
    const second = await life.start()
    await life.wait(operation.act(life, second, platform))
    await second.run((store) => operation.over(life, store))
    gate.wake()
    await life.clock.advance(15_000)
    await life.wait(acted)
    await second.run((store) => operation.over(life, store))
    await expectAll(life, operation, second.store)
    return passed[index]
  },
}

const doubled: readonly CallKind[] = ['create', 'destroy', 'power', 'start', 'stop']

/** The call is delivered a second time as soon as it was answered; or its answer never comes. */
export const repeating: Way = {
  name: 'repeated',
  async points(start) {
    const kinds: string[] = []
    await undisturbed(
      start,
      meddled({
        call({ kind, act }) {
          kinds.push(`answer to ${kind} lost`)
          if (doubled.includes(kind)) kinds.push(`${kind} doubled`)
          return act()
        },
      }),
    )
    return kinds
  },
  async live(start, { index, kind }) {
    const { operation } = start
    await using begun = await start.begin()
    const { life, platform } = begun
    let passed = 0
    let happened: string | undefined
    const process = await life.start(
      null,
      meddled({
        async call({ kind: called, act }) {
          const from = passed
          passed += doubled.includes(called) ? 2 : 1
          if (index < from || index >= passed) return act()
          happened = index === from ? `answer to ${called} lost` : `${called} doubled`
          const answer = await act()
          if (index === from) throw answerLost(called)
          return (await act()) ?? answer
        },
      }),
    )
    await life.wait(ended(operation.act(life, process, platform)))
    await process.run((store) => operation.over(life, store))
    await expectAll(life, operation, process.store)
    return happened ?? kind
  },
}

async function undisturbed(start: Start, parts: Parts): Promise<void> {
  const { operation } = start
  await using begun = await start.begin()
  const { life, platform } = begun
  const process = await life.start(null, parts)
  await life.wait(operation.act(life, process, platform))
  await process.run((store) => operation.over(life, store))
  await expectAll(life, operation, process.store)
}

/** Resolves when it has ended, whatever came of it. */
function ended(work: Promise<unknown>): Promise<void> {
  return work.then(
    () => undefined,
    () => undefined,
  )
}

/** Counts what passes but for sleeps; from passage `at` on nothing passes until it is woken. */
function gateThat(kinds: string[], at: number | null) {
  let passed = 0
  let closed: Promise<void> | undefined
  let wake: () => void = () => undefined
  let tell: () => void = () => undefined
  const stopped = new Promise<void>((resolve) => {
    tell = resolve
  })
  const gate: Gate = {
    async through(what) {
      if (what !== 'sleep') {
        kinds.push(what)
        if (passed === at) {
          closed = new Promise((resolve) => {
            wake = resolve
          })
          tell()
        }
        passed += 1
      }
      while (closed) await closed
    },
  }
  return {
    ...gate,
    stopped,
    isStopped: () => closed !== undefined,
    wake() {
      closed = undefined
      wake()
    },
  }
}
