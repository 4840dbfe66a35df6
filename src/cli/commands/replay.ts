// A bug report is a file: the journal of a task, run again here, step by step.

import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import type { Command } from 'commander'
import { type Paint, tame } from '../client/text.ts'
import type { Runner } from '../session.ts'
import { UsageError } from '../usage.ts'
import type { ReplayPair } from '../world.ts'

interface ReplayOptions {
  readonly step?: boolean
}

export function addReplay(parent: Command, { run }: Runner): void {
  parent
    .command('replay <file>')
    .description('run the journal of  gantry task export  again; 0 when it ends as recorded')
    .option('--step', 'wait for Enter after each step')
    .action(
      run<ReplayOptions>(async ({ world, print, exit }, { args: [file = ''], options }) => {
        if (!world.local) throw new UsageError('A replay needs the installation of this command.')
        const text = readJournal(file)
        const pairs: ReplayPair[] = []
        const verdict = await world.local.replay(text, async (pair) => {
          pairs.push(pair)
          print.say(pairLine(pair, print.paint))
          if (options.step) await enter(world.signal)
        })
        print.data({ ...verdict, steps: pairs }, (paint) => [
          '',
          `recorded  ${tame(verdict.recorded)}`,
          `replayed  ${tame(verdict.replayed)}${verdict.failingStep === null ? '' : ` at ${tame(verdict.failingStep)}`}`,
          verdict.divergence === null
            ? paint('good', 'It ends as recorded.')
            : `${paint('bad', 'First divergence:')} ${tame(verdict.divergence)}`,
        ])
        if (verdict.divergence !== null) exit(1)
      }),
    )
}

function readJournal(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new UsageError(`${file} cannot be read.`, { next: 'Make one:  gantry task export <task> --to <file>', cause })
  }
}

function pairLine({ step, recorded, replayed }: ReplayPair, paint: Paint): string {
  const same = recorded === replayed
  const tone = same ? (recorded === 'done' ? 'good' : 'busy') : recorded === null ? 'quiet' : 'bad'
  return `${paint(tone, same ? 'as recorded' : recorded === null ? 'beyond' : 'OTHERWISE')}  ${tame(step)}  ${recorded ?? '-'}  ${same ? '' : (replayed ?? '-')}`.trimEnd()
}

async function enter(signal: AbortSignal): Promise<void> {
  const lines = createInterface({ input: process.stdin })
  try {
    await Promise.race([lines.question('', { signal }), new Promise((resolve) => lines.once('close', resolve))])
  } finally {
    lines.close()
  }
}
