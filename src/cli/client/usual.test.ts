import { expect, test } from 'vitest'
import { at, building, start, task } from '../../../test/cli/sample-task.ts'
import { noPaint } from './text.ts'
import { tree } from './tree.ts'
import { outlook } from './usual.ts'

const usual = { p50: 38, p90: 52, samples: 12 }
const running = task([], { usual, eta: at(38) })

test('while it runs: what is left, then how long it usually takes, then that it takes longer', () => {
  expect(outlook(running, start + 23_000)).toBe('about 15 s left, usually 38 s (90 %: 52 s, of the last 12)')
  expect(outlook({ ...running, eta: null }, start + 40_000)).toBe('usually 38 s (90 %: 52 s, of the last 12)')
  expect(outlook({ ...running, eta: null }, start + 53_000)).toMatch(/^longer than usual: 38 s/)
})

test('nothing is guessed without history, nor of what has ended or is stuck', () => {
  expect(outlook(task([]), start)).toBe('')
  for (const state of ['done', 'blocked', 'failed'] as const) expect(outlook({ ...running, state }, start)).toBe('')
})

test('the tree says it beside what is done', () => {
  const [head] = tree({ ...building, usual, eta: at(38) }, 'building', start + 23_000, {
    columns: 100,
    lines: 24,
    paint: noPaint,
  })
  expect(head).toBe('platform team-a  building  about 15 s left, usually 38 s (90 %: 52 s, of the last 12)  0:23')
})
