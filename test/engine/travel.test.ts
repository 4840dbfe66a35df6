// Scripts of one machine that follow one another travel together: fewer round trips, and not one promise less.

import { afterAll, expect, test } from 'vitest'
import type { BlueprintFiles } from '../../src/blueprints/index.ts'
import { holdPlatform, makeDue, resumePlatform } from '../../src/engine/index.ts'
import { moveMachine, moveMember } from '../../src/events/index.ts'
import type { PlatformId } from '../../src/kernel/ids.ts'
import { type MemoryLife, openLife } from '../crash/installation.ts'
import { type Process, stateOf } from '../crash/process.ts'
import { makeTemplate, type Template } from '../crash/template.ts'
import { askChange } from '../support/changing.ts'

const document = `
name: train
version: 1.0.0
description: Steps that follow one another.
parameters:
  nodes: { type: integer, minimum: 1, maximum: 5, default: 1 }
  first: { type: string, default: quick }
  letter: { type: string, default: a }
groups:
  node: { count: { param: nodes }, flavor: small, image: debian-12, spread: { host: should } }
steps:
  first: { on: each, run: scripts/first.sh, with: { how: { param: first } }, outputs: { made: plain } }
  second: { on: each, needs: [first], run: scripts/second.sh, with: { letter: { param: letter } } }
  third: { on: each, needs: [second], run: scripts/third.sh }
  told: { on: each, needs: [third], run: scripts/told.sh, with: { made: first.made } }
leave:
  node: { on: any-healthy(node), run: scripts/leave.sh, deadline: 2m, onTimeout: block }
`
const files: BlueprintFiles = {
  'blueprint.yaml': document,
  'scripts/first.sh': `set -eu
if [ "$HOW" = slow ]; then sleep 60; fi
if [ "$HOW" = once ] && [ ! -e /failed ]; then touch /failed; echo "first failed" >> /order; exit 1; fi
echo first >> /order
echo "made=of-$GANTRY_MEMBER" >> "$GANTRY_OUTPUT"`,
  'scripts/second.sh': 'set -eu; echo "second $LETTER" >> /order',
  'scripts/third.sh': 'set -eu; echo third >> /order',
  'scripts/told.sh': 'set -eu; echo "told $MADE" >> /order',
  'scripts/leave.sh': 'set -eu; echo "leave $GANTRY_SUBJECT" >> /order',
}
const template: Template = await makeTemplate(files)
afterAll(() => template.dispose())

/** A process whose calls to machines are counted. */
async function counted(): Promise<{ life: MemoryLife; gantry: Process; calls: (verb: string) => number }> {
  const told: string[] = []
  const life = openLife(template, { onBoundary: (what) => told.push(what) })
  await (await life.start()).kill()
  const gantry = await life.start()
  return { life, gantry, calls: (verb) => told.filter((what) => what === `before ${verb}`).length }
}

async function is(process: Process, id: PlatformId, state: string): Promise<void> {
  await process.run(async (store) => ['blocked', state].includes(await stateOf(store, id)))
  expect(await stateOf(process.store, id)).toBe(state)
}

async function order(life: MemoryLife, name: string): Promise<string[]> {
  const machine = life.world.living().find((one) => String(one.key).includes(`/${name}@`))
  const text = await machine
    ?.inside()
    .disk.readFile('/order')
    .catch(() => '')
  return (text ?? '').split('\n').filter(Boolean)
}

async function attempts(process: Process, id: PlatformId) {
  return process.store.read
    .selectFrom('attempts')
    .select(['step_key', 'outcome', 'number'])
    .where('platform_id', '=', id)
    .orderBy('step_key')
    .orderBy('started_at')
    .execute()
}

async function change(process: Process, id: PlatformId, parameters: Record<string, string>): Promise<void> {
  await askChange(process, id, { kind: 'change', parameters })
}

test('three scripts of one machine cost one start, and what needs an output of theirs another', async () => {
  const { life, gantry, calls } = await counted()
  await using _ = life
  const id = await gantry.ask('team-a', {})
  await is(gantry, id, 'ready')
  expect(await order(life, 'node-0')).toEqual(['first', 'second a', 'third', 'told of-node-0@1'])
  expect(calls('start')).toBe(2)
  expect(await attempts(gantry, id)).toEqual(
    ['first', 'second', 'third', 'told'].map((step) => ({
      step_key: `script/node-0@1/${step}`,
      outcome: 'done',
      number: 1,
    })),
  )
})

test('behind a script that fails nothing begins; its next attempt takes the others along again', async () => {
  const { life, gantry, calls } = await counted()
  await using _ = life
  const id = await gantry.ask('team-a', { first: 'once' })
  await is(gantry, id, 'ready')
  expect(await order(life, 'node-0')).toEqual(['first failed', 'first', 'second a', 'third', 'told of-node-0@1'])
  expect(calls('start')).toBe(3)
  const told = (await attempts(gantry, id)).map((row) => `${row.step_key.split('/').at(-1)} ${row.outcome}`)
  expect(told).toEqual([
    'first failed',
    'first done',
    'second abandoned',
    'second done',
    'third abandoned',
    'third done',
    'told done',
  ])
  expect(life.remote.startedTwice()).toEqual([])
})

test('a change stops what travels for the earlier target before it begins: it runs once, for the new one', async () => {
  const { life, gantry } = await counted()
  await using _ = life
  const id = await gantry.ask('team-a', { first: 'slow' })
  await gantry.run(async () => life.remote.starts.length === 1)
  await change(gantry, id, { letter: 'b' })
  await is(gantry, id, 'ready')
  expect(await order(life, 'node-0')).toEqual(['first', 'second b', 'third', 'told of-node-0@1'])
  const seconds = (await attempts(gantry, id)).filter((row) => row.step_key.endsWith('/second'))
  expect(seconds.map((row) => row.outcome)).toEqual(['abandoned', 'done'])
})

test('a held platform lets the script that runs end, and what travels behind it begins only when it is resumed', async () => {
  const { life, gantry } = await counted()
  await using _ = life
  const id = await gantry.ask('team-a', { first: 'slow' })
  await gantry.run(async () => life.remote.starts.length === 1)
  const because = { actor: 'test', cause: 'cancelled', task: null }
  await gantry.store.write((tx) => holdPlatform(tx, gantry.seams, id, because))
  gantry.engine.wake(id)
  await life.clock.advance(120_000)
  expect(await order(life, 'node-0')).toEqual(['first'])
  await gantry.store.write((tx) => resumePlatform(tx, gantry.seams, id, because))
  gantry.engine.wake(id)
  await is(gantry, id, 'ready')
  expect(await order(life, 'node-0')).toEqual(['first', 'second a', 'third', 'told of-node-0@1'])
  expect(life.remote.startedTwice()).toEqual([])
})

test('nobody leaves while a script of an earlier plan runs on its machine, and none begins there after it', async () => {
  const { life, gantry } = await counted()
  await using _ = life
  const id = await gantry.ask('team-a', { nodes: 2 })
  await is(gantry, id, 'ready')
  await change(gantry, id, { first: 'slow', letter: 'b' })
  await gantry.run(async () => life.remote.starts.filter((one) => one.stepKey.endsWith('/first')).length === 4)
  const changedAt = life.clock.now()
  await gantry.store.write(async (tx) => {
    const because = { actor: 'test', cause: 'scale' }
    const leaver = await tx
      .selectFrom('members')
      .select(['id', 'machine_id'])
      .where('ordinal', '=', 1)
      .executeTakeFirstOrThrow()
    await moveMember(tx, gantry.seams, { member: leaver.id, to: 'leaving', ...because })
    await moveMachine(tx, gantry.seams, { machine: leaver.machine_id, to: 'replacing', ...because })
    await makeDue(tx, id, 0)
  })
  gantry.engine.wake(id)
  let left: string[] = []
  await gantry.run(async () => {
    const now = await order(life, 'node-1')
    if (now.length > 0) left = now
    return (await order(life, 'node-0')).includes('leave node-1@1')
  })
  expect(life.clock.now() - changedAt).toBeGreaterThan(50_000)
  expect(left).toEqual(['first', 'second a', 'third', 'told of-node-1@1', 'first'])
  await gantry.run(async () => life.world.living().length === 1)
})
