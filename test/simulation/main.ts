// npm run simulate: many histories over the processors there are, or one with all that happens in it.
//
//   npm run simulate -- --seeds 300 --first-seed 1    each seed a history
//   npm run simulate -- --seeds 20000 --resume        goes on where an interrupted run of this source stopped
//   npm run simulate -- --seed 17                     one, with its journal

import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { sweepFolders } from '../support/folder.ts'
import { actionText } from './action.ts'
import { Counters, sometimes } from './counters.ts'
import { generate } from './generate.ts'
import { liveThrough } from './history.ts'
import { loadProgress, saveProgress, source } from './progress.ts'
import { type Result, resultSchema } from './result.ts'
import { makeTemplate } from './template.ts'

/** A run of fewer may miss a kind of fault by chance. */
const enough = 300
/** Failures after which a run ends, COUNT. */
const most = 5

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '300' },
    'first-seed': { type: 'string', default: '1' },
    seed: { type: 'string' },
    resume: { type: 'boolean', default: false },
    workers: { type: 'string', default: String(Math.min(8, availableParallelism())) },
  },
})

sweepFolders()
process.exitCode = values.seed === undefined ? await many() : await one(Number(values.seed))

async function one(seed: number): Promise<number> {
  const script = generate(seed)
  console.log(`seed ${seed} ${JSON.stringify(script.setting)}`)
  for (const action of script.actions) console.log(actionText(action))
  const outcome = await liveThrough(await makeTemplate(), script, { told: (line) => console.log(line) })
  console.log(`journal ${outcome.hash}`)
  console.log(outcome.violation ? outcome.violation.message : 'every promise held')
  return outcome.violation ? 1 : 0
}

async function many(): Promise<number> {
  const [seeds, firstSeed] = [Number(values.seeds), Number(values['first-seed'])]
  const began = performance.now()
  const commit = source()
  const known = values.resume ? loadProgress(commit, firstSeed) : undefined
  const counters = new Counters()
  counters.add(known?.counts ?? [])
  const from = firstSeed + (known?.done ?? 0)
  const end = firstSeed + seeds
  console.log(`seeds ${from} to ${end - 1} over ${values.workers} workers`)
  let next = from
  let done = 0
  const failures: Result[] = []
  const finished = new Set<number>()
  let unbroken = from

  function take(result: Result): void {
    done += 1
    counters.add(result.counts)
    finished.add(result.seed)
    while (finished.delete(unbroken)) unbroken += 1
    if (result.failure !== null) {
      failures.push(result)
      console.log(result.failure)
    }
    if (done % 200 === 0 && failures.length === 0) {
      // Counts of what is done ahead of the unbroken row are counted again after an interruption: they only say "ever".
      saveProgress({ source: commit, firstSeed, done: unbroken - firstSeed, counts: [...counters.counts] })
      console.log(`${done} seeds, ${Math.round((performance.now() - began) / 1_000)} s`)
    }
  }

  await Promise.all(Array.from({ length: Number(values.workers) }, () => work()))

  async function work(): Promise<void> {
    const child = fork(join(import.meta.dirname, 'worker.ts'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    await new Promise<void>((resolve, reject) => {
      child.on('message', (message) => {
        if (message !== 'ready') take(resultSchema.parse(message))
        if (next >= end || failures.length >= most) return child.disconnect()
        child.send(next++)
      })
      child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`))))
      child.on('error', reject)
    })
  }

  // Of workers that were killed.
  sweepFolders()
  const total = done + (known?.done ?? 0)
  const never = total >= enough ? counters.never() : []
  const seconds = (performance.now() - began) / 1_000
  console.log(
    `${done} histories in ${seconds.toFixed(1)} s, ${((seconds * 1_000) / Math.max(1, done)).toFixed(0)} ms each`,
  )
  const reached = Object.keys(sometimes).filter((what) => !never.includes(what))
  console.log(reached.map((what) => `${what} ${counters.counts.get(what) ?? 0}`).join(', '))
  for (const what of never) console.log(`never reached: ${what} (${sometimes[what as keyof typeof sometimes]})`)
  console.log(`${done - failures.length} passed, ${failures.length + never.length} failed`)
  return failures.length + never.length > 0 ? 1 : 0
}
