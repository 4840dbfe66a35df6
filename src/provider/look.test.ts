import { expect, test } from 'vitest'
import type { OwnerTag, ResourceKey, Session } from './contract.ts'
import { lookerOver } from './look.ts'

const owner = 'ins_a' as OwnerTag
const keyOf = (name: string) => name as ResourceKey

/** A session whose observe waits for `release`, with the keys of each of its calls. */
function slow() {
  const asked: string[][] = []
  const gate = Promise.withResolvers<void>()
  const observe: Session['observe'] = async function* (_, keys) {
    asked.push(Array.from(keys, ({ key }) => key))
    await gate.promise
    yield* []
  }
  return { asked, release: gate.resolve, looker: lookerOver({ observe } as Session) }
}

test('looks asked in one moment are one call; what is asked meanwhile goes into the next one', async () => {
  const { asked, release, looker } = slow()
  const never = new AbortController().signal
  const first = ['a', 'b'].map((name) => looker.look(owner, keyOf(name), undefined, never))
  await Promise.resolve()
  await Promise.resolve()
  const later = ['c', 'd'].map((name) => looker.look(owner, keyOf(name), undefined, never))
  release()
  expect(await Promise.all([...first, ...later])).toEqual([[], [], [], []])
  expect(asked).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ])
})

test('who is stopped does not wait for a call that hangs, and the others still get their answer', async () => {
  const { release, looker } = slow()
  const stopped = new AbortController()
  const mine = looker.look(owner, keyOf('a'), undefined, stopped.signal)
  const other = looker.look(owner, keyOf('b'), undefined, new AbortController().signal)
  stopped.abort(new Error('lease lost'))
  await expect(mine).rejects.toThrow('lease lost')
  release()
  expect(await other).toEqual([])
})
