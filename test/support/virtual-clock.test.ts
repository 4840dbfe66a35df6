import { expect, test } from 'vitest'
import { Stuck, virtualClock } from './virtual-clock.ts'

test('sleepers wake in order of time, and in the order they lay down when times are equal', async () => {
  const clock = virtualClock()
  const woken: string[] = []
  const sleeper = async (name: string, ms: number): Promise<void> => {
    await clock.seams.clock.sleep(ms)
    woken.push(`${name}@${clock.now() - Date.UTC(2026, 0, 1)}`)
  }
  await clock.runUntil(Promise.all([sleeper('c', 30), sleeper('a', 10), sleeper('b1', 20), sleeper('b2', 20)]))
  expect(woken).toEqual(['a@10', 'b1@20', 'b2@20', 'c@30'])
})

test('a day of sleeping takes no real time', async () => {
  const clock = virtualClock()
  const start = performance.now()
  await clock.runUntil(
    (async () => {
      for (let i = 0; i < 24; i++) await clock.seams.clock.sleep(3_600_000)
    })(),
    { ms: 25 * 3_600_000 },
  )
  expect(performance.now() - start).toBeLessThan(30_000)
})

test('an aborted sleep rejects with the reason and leaves nobody in the heap', async () => {
  const clock = virtualClock()
  const stop = new AbortController()
  const sleep = clock.seams.clock.sleep(1_000, stop.signal)
  stop.abort(new Error('enough'))
  await expect(sleep).rejects.toThrow('enough')
  expect(clock.sleeping).toBe(0)
})

test('nobody wakes from the sleep of a life that ended', async () => {
  const clock = virtualClock()
  const life = clock.life()
  let woken = false
  life.seams.clock.sleep(10).then(() => {
    woken = true
  }, expect.unreachable)
  life.end()
  await clock.advance(1_000)
  expect(woken).toBe(false)
})

test('a history in which nothing can move is stuck, not silent', async () => {
  const clock = virtualClock()
  await expect(clock.runUntil(new Promise(() => {}))).rejects.toThrow(Stuck)
  const loop = async (): Promise<never> => {
    for (;;) await clock.seams.clock.sleep(1)
  }
  await expect(clock.runUntil(loop(), { wakeups: 100 })).rejects.toThrow('spins')
})

test('the same seed gives the same chance', () => {
  const draw = (seed: number): number[] => Array.from({ length: 5 }, virtualClock(seed).seams.random.next)
  expect(draw(7)).toEqual(draw(7))
  expect(draw(7)).not.toEqual(draw(8))
})
