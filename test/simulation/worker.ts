// Lives through the seeds it is sent, one after another, and sends back what became of each.

import { z } from 'zod'
import { generate } from './generate.ts'
import { liveThrough } from './history.ts'
import { failureText } from './report.ts'
import type { Result } from './result.ts'
import { shrink } from './shrink.ts'
import { makeTemplate } from './template.ts'

if (process.send !== undefined) {
  const template = await makeTemplate()
  process.on('message', (message) => {
    const seed = z.number().parse(message)
    liveSeed(seed).then(
      (result) => process.send?.(result),
      (error: unknown) => {
        console.error(error)
        process.exit(1)
      },
    )
  })
  process.send('ready')

  async function liveSeed(seed: number): Promise<Result> {
    const script = generate(seed)
    const outcome = await liveThrough(template, script)
    const { hash, violation, counters } = outcome
    const failure = violation ? failureText(seed, script, outcome, await shrink(template, script, outcome)) : null
    return { seed, hash, counts: [...counters.counts], failure }
  }
}
