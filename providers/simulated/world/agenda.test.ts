import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createAgenda } from './agenda.ts'

test('things happen in the order of their instants, each once, and none before its own', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50)), fc.array(fc.nat(50)), (instants, looks) => {
      const happened: number[] = []
      const agenda = createAgenda((at: number) => happened.push(at))
      for (const at of instants) agenda.add(at, at)
      for (const now of looks.toSorted((a, b) => a - b)) {
        agenda.until(now)
        expect(happened).toEqual(instants.filter((at) => at <= now).sort((a, b) => a - b))
      }
    }),
  )
})
