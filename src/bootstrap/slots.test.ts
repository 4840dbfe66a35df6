import { expect, test } from 'vitest'
import { slots } from './slots.ts'

const signal = new AbortController().signal

/** Takes a turn and writes its name down when it gets one. */
function queue(turns: ReturnType<typeof slots>, order: string[], name: string, abort = signal) {
  return turns.take(abort).then((giveBack) => {
    order.push(name)
    return giveBack
  })
}

test('no more turns are taken at once than there are, and waiters come in order', async () => {
  const turns = slots(2)
  const order: string[] = []
  const [first] = await Promise.all([queue(turns, order, 'a'), queue(turns, order, 'b')])
  const third = queue(turns, order, 'c')
  const fourth = queue(turns, order, 'd')
  await Promise.resolve()
  expect([order, turns.taken]).toEqual([['a', 'b'], 2])
  first()
  first()
  await third
  expect([order, turns.taken]).toEqual([['a', 'b', 'c'], 2])
  ;(await third)()
  await fourth
  expect(order).toEqual(['a', 'b', 'c', 'd'])
})

test('a waiter that goes away takes no turn from those behind it', async () => {
  const turns = slots(1)
  const order: string[] = []
  const held = await turns.take(signal)
  const abort = new AbortController()
  const leaving = queue(turns, order, 'leaving', abort.signal)
  const staying = queue(turns, order, 'staying')
  abort.abort(new Error('gone'))
  await expect(leaving).rejects.toThrow('gone')
  held()
  await staying
  expect(order).toEqual(['staying'])
})

test('shrinking takes away a turn when it is given back, but never the last one', async () => {
  const turns = slots(2)
  const order: string[] = []
  const first = await turns.take(signal)
  const second = await turns.take(signal)
  turns.shrink()
  turns.shrink()
  const third = queue(turns, order, 'third')
  first()
  await Promise.resolve()
  expect(order).toEqual([])
  second()
  await third
  expect([order, turns.taken]).toEqual([['third'], 1])
})
