import { expect, test } from 'vitest'
import { gate, turns } from './turns.ts'

const idle = new AbortController().signal

function work() {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let begun = false
  return {
    run: () => {
      begun = true
      return promise
    },
    begun: () => begun,
    end: resolve,
    fail: reject,
  }
}
const settle = () => new Promise((resolve) => setImmediate(resolve))

test('works under one name follow each other, also after a failure; other names do not wait', async () => {
  const inTurn = turns()
  const [first, second, other] = [work(), work(), work()]
  const results = Promise.allSettled([inTurn('a', first.run), inTurn('a', second.run), inTurn('b', other.run)])
  await settle()
  expect([first.begun(), second.begun(), other.begun()]).toEqual([true, false, true])
  first.fail(new Error('broken'))
  await settle()
  expect(second.begun()).toBe(true)
  second.end()
  other.end()
  expect((await results).map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
})

test('no more run at once than the gate is wide, and whoever gives up waiting makes room for the next', async () => {
  const enter = gate(2)
  const works = [work(), work(), work(), work()]
  const tired = new AbortController()
  const results = works.map(({ run }, i) => enter(run, i === 2 ? tired.signal : idle))
  await settle()
  expect(works.map(({ begun }) => begun())).toEqual([true, true, false, false])
  tired.abort(new Error('gave up'))
  await expect(results[2]).rejects.toThrow('gave up')
  works[0]?.end()
  await settle()
  expect(works.map(({ begun }) => begun())).toEqual([true, true, false, true])
  for (const { end } of works) end()
  await Promise.all([results[0], results[1], results[3]])
})
