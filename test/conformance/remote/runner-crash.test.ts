// The runner's own crash sweep: whoever executes it, the starter or the launched process, is killed before every
// single line in turn. Afterwards a look must be right and a second start must not start twice.

import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import type { AttemptStatus } from '../../../src/bootstrap/index.ts'
import { realSeams } from '../../../src/kernel/real-seams.ts'
import { shell, startText } from './shell.ts'

interface Life {
  readonly line: string
  readonly seen: AttemptStatus['kind']
  readonly after: AttemptStatus['kind']
  readonly begun: string
  readonly laterBegun: string
}

const script = 'printf x >> "$GANTRY_ROOT/trace"; sleep 0.03; echo k=v >> "$GANTRY_OUTPUT"'
const crash = 'kill -s KILL $$'

/** Every request to start the attempt in which the shell reaches a crash before one of its lines. */
function crashing(): { line: string; request: string }[] {
  const lines = startText('att_a', script, 400).split('\n')
  const first = lines.findIndex((line) => line.startsWith('PATH='))
  const found = lines.slice(first).map((line, i) => {
    const at = first + i
    return { line, request: [...lines.slice(0, at), crash, ...lines.slice(at)].join('\n') }
  })
  return found.filter(({ request }) => spawnSync('/bin/sh', ['-n'], { input: request }).status === 0)
}

async function live({ line, request }: { line: string; request: string }): Promise<Life> {
  await using machine = await shell()
  await machine.send(request)
  const seen = (await machine.look('att_a', 10_000)).kind
  const after = (await machine.start('att_a', script, 10_000)).kind
  const begun = await machine.trace()
  await realSeams().clock.sleep(60)
  return { line, seen, after, begun, laterBegun: await machine.trace() }
}

/** What is wrong with a life, or nothing. */
function wrong({ seen, after, begun, laterBegun }: Life): boolean {
  if (laterBegun !== begun || begun.length > 1) return true
  switch (seen) {
    case 'absent':
      return after !== 'ended' || begun !== 'x'
    case 'ended':
      return after !== 'ended' || begun !== 'x'
    case 'lost':
      return after !== 'lost'
    case 'running':
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
  expect(lives.length).toBeGreaterThan(150)
  expect(lives.filter(wrong)).toEqual([])
  // The sweep would prove nothing if every crash came too early or too late to matter.
  const kinds = new Set(lives.map((life) => `${life.seen}, begun ${life.begun.length}`))
  expect([...kinds].sort()).toEqual(['absent, begun 1', 'ended, begun 1', 'lost, begun 0', 'lost, begun 1'])
}, 120_000)
