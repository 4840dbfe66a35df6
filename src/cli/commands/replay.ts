// A bug report is a file: the journal of a task, run again here, step by step.

import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import type { Command } from 'commander'
import { duration } from '../client/duration.ts'
import { type Paint, tame } from '../client/text.ts'
import type { Runner } from '../session.ts'
import { UsageError } from '../usage.ts'
import type { ReplayHappening } from '../world.ts'

interface ReplayOptions {
  readonly step?: boolean
}

export function addReplay(parent: Command, { run }: Runner): void {
  parent
    .command('replay <file>')
    .description('run the journal of  gantry task export  again; 0 when it ends as recorded')
    .option('--step', 'wait for Enter after each line')
    .action(
      run<ReplayOptions>(async ({ world, print, exit }, { args: [file = ''], options }) => {
        if (!world.local) throw new UsageError('A replay needs the installation of this command.')
        const text = readJournal(file)
        const happenings: ReplayHappening[] = []
        const verdict = await world.local.replay(text, async (happening) => {
          happenings.push(happening)
          print.say(happeningLine(happening, print.paint))
          if (options.step) await enter(world.signal)
        })
        print.data({ ...verdict, happenings }, (paint) => [
          '',
          `recorded  ${tame(verdict.recorded)}`,
          `replayed  ${tame(verdict.replayed)}${verdict.failingStep === null ? '' : ` at ${tame(verdict.failingStep)}`}`,
          ...verdict.untold.map(
            (what) => `${paint('busy', 'Not played, as the journal does not tell it:')} ${tame(what)}`,
          ),
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

/** When it was recorded, what it is, and for a step what it came to; what it said where it went wrong. */
function happeningLine(happening: ReplayHappening, paint: Paint): string {
  const when = paint('quiet', `+${duration(happening.afterMs)}`.padEnd(8))
  if (happening.kind !== 'step') {
    const tone = happening.kind === 'request' ? 'strong' : 'busy'
    return `${when} ${paint(tone, happening.kind.padEnd(11))}  ${tame(happening.text)}`
  }
  const { step, recorded, replayed, detail } = happening.pair
  const same = recorded === replayed
  const tone = same ? (recorded === 'done' ? 'good' : 'busy') : recorded === null ? 'quiet' : 'bad'
  const verdict = same ? 'as recorded' : recorded === null ? 'beyond' : 'OTHERWISE'
  const came = same
    ? recorded
    : recorded === null
      ? replayed
      : `recorded ${recorded}, replayed ${replayed ?? 'nothing'}`
  const said = detail === null ? '' : paint('quiet', `  ${tame(detail.split('\n').at(-1) ?? '')}`)
  return `${when} ${paint(tone, verdict.padEnd(11))}  ${tame(step)}  ${tame(came ?? '-')}${said}`
}

async function enter(signal: AbortSignal): Promise<void> {
  const lines = createInterface({ input: process.stdin })
  try {
    await Promise.race([lines.question('', { signal }), new Promise((resolve) => lines.once('close', resolve))])
  } finally {
    lines.close()
  }
}
