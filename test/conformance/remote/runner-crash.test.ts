// The runner's own crash sweep: whoever executes it, the starter or the launched process, is killed before every
// single line in turn, for two attempts that travel together. Afterwards a look must be right and a second start must
// not start twice.

import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import type { AttemptStatus } from '../../../src/bootstrap/index.ts'
import { startRequest } from '../../../src/bootstrap/runner/program.ts'
import { realSeams } from '../../../src/kernel/real-seams.ts'
import { nonce, type Shell, scriptAttempt, shell } from './shell.ts'

type Kind = AttemptStatus['kind']

interface Life {
  readonly line: string
  /** What looks said of the two after the crash. */
  readonly seen: readonly [Kind, Kind]
  /** What they came to when they were started again. */
  readonly after: readonly [Kind, Kind]
  /** A letter for each time one of them began. */
  readonly begun: string
  readonly laterBegun: string
}

const script = (letter: string) => `printf ${letter} >> "$GANTRY_ROOT/trace"; sleep 0.03; echo k=v >> "$GANTRY_OUTPUT"`
const first = scriptAttempt('att_a', script('a'), { mustGive: ['k'] })
const second = scriptAttempt('att_b', script('b'))
const journey = startRequest(nonce, [first, second], 400)
const crash = 'kill -s KILL $$'

/** Every request to start the two in which the shell reaches a crash before one of its lines. */
function crashing(): { line: string; request: string }[] {
  const lines = journey.split('\n')
  const start = lines.findIndex((line) => line.startsWith('PATH='))
  const found = lines.slice(start).map((line, i) => {
    const at = start + i
    return { line, request: [...lines.slice(0, at), crash, ...lines.slice(at)].join('\n') }
  })
  return found.filter(({ request }) => spawnSync('/bin/sh', ['-n'], { input: request }).status === 0)
}

async function live({ line, request }: { line: string; request: string }): Promise<Life> {
  await using machine = await shell('/bin/sh', 150)
  await machine.send(request)
  const seen = [await settled(machine, 'att_a'), await settled(machine, 'att_b')] as const
  await machine.send(journey)
  const again = await settled(machine, 'att_a')
  // What did not travel is started by itself, but only behind an end.
  const alone = again === 'ended' ? (await machine.start('att_b', script('b'), 10_000)).kind : 'absent'
  const begun = await machine.trace()
  await realSeams().clock.sleep(60)
  return { line, seen, after: [again, alone], begun, laterBegun: await machine.trace() }
}

/** Waits until the attempt is not on its way; the second of a journey begins a moment after the end of the first. */
async function settled(machine: Shell, id: string): Promise<Kind> {
  const { kind } = await machine.look(id, 10_000)
  if (kind !== 'absent' || id !== 'att_b') return kind
  await realSeams().clock.sleep(60)
  return (await machine.look(id, 10_000)).kind
}

/** What is wrong with a life, or nothing. */
function wrong({ seen, after, begun, laterBegun }: Life): boolean {
  if (laterBegun !== begun || !['', 'a', 'ab'].includes(begun)) return true
  return wrongOne(seen[0], after[0], begun.includes('a')) || (after[0] === 'ended' && wrongSecond(seen, after, begun))
}

function wrongSecond(seen: Life['seen'], after: Life['after'], begun: string): boolean {
  return wrongOne(seen[1], after[1], begun.includes('b'))
}

function wrongOne(seen: Kind, after: Kind, begun: boolean): boolean {
  switch (seen) {
    case 'absent':
    case 'ended':
      return after !== 'ended' || !begun
    case 'lost':
      return after !== 'lost'
    case 'running':
    case 'stopped':
      return true
  }
}

test('killed before any of its lines, the runner leaves what look answers rightly and start does not repeat', async () => {
  const todo = crashing()
  const lives: Life[] = []
  const worker = async () => {
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) lives.push(await live(next))
  }
  await Promise.all(Array.from({ length: 6 }, worker))
  expect(lives.length).toBeGreaterThan(190)
  expect(lives.filter(wrong)).toEqual([])
  // The sweep would prove nothing if every crash came too early or too late to matter.
  const kinds = new Set(lives.map((life) => `${life.seen.join(', ')}, begun ${life.begun}`))
  expect([...kinds]).toEqual(
    expect.arrayContaining([
      'absent, absent, begun ab',
      'ended, absent, begun ab',
      'ended, ended, begun ab',
      'ended, lost, begun a',
      'lost, absent, begun ',
      'lost, absent, begun a',
    ]),
  )
}, 240_000)
