// Ctrl-C wherever the demo is, and once more by a person who does not want to wait: nothing of it may be left.

import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'vitest'
import { demoStage } from './demo-process.ts'

/** ms after its start: before its first signal handler, about then, and before its first word. */
const asItBegins = [0, 50, 200]
/** What it says in any case: a state that passes quickly is not always seen. */
const whenItSaid = [
  /Gantry demo/,
  /server +http/,
  /provider +sim/,
  /request +platform/,
  /machine +\S+ +done/,
  /docker +\S+ +done/,
  /until Ctrl-C/,
]

test.concurrent.each([...asItBegins, ...whenItSaid])('Ctrl-C at %s, and twice, leaves nothing', async (moment) => {
  using stage = demoStage()
  const demo = stage.start()
  await (typeof moment === 'number' ? sleep(moment) : demo.until(moment))
  demo.child.kill('SIGINT')
  await sleep(50)
  demo.child.kill('SIGINT')
  await demo.ended
  await stage.expectNothingLeft()
})
