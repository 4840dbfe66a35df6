// A person says stop, and later goes on: what runs may end, nothing else begins, and nothing done is done again.

import { afterAll, expect, test } from 'vitest'
import type { BlueprintFiles } from '../../src/blueprints/index.ts'
import type { PlatformId, TaskId } from '../../src/kernel/ids.ts'
import { goOn, tryAgain } from '../../src/resources/platforms/going-on.ts'
import { removePlatform } from '../../src/resources/platforms/removal.ts'
import { getPlatform } from '../../src/resources/platforms/store.ts'
import { cancelTask, createTask } from '../../src/resources/tasks/index.ts'
import { type MemoryLife, openLife } from '../crash/installation.ts'
import { type Process, stateOf } from '../crash/process.ts'
import { makeTemplate, type Template } from '../crash/template.ts'

const document = `
name: rows
version: 1.0.0
description: Two steps, one after the other, on each machine.
parameters:
  first: { type: string, default: ok }
groups:
  node: { count: 2, flavor: small, image: debian-12, spread: { host: should } }
steps:
  first: { on: each, run: scripts/first.sh, with: { first: { param: first } }, attempts: 1 }
  second: { on: each, needs: [first], run: scripts/second.sh }
`
const files: BlueprintFiles = {
  'blueprint.yaml': document,
  'scripts/first.sh': `set -eu
echo first >> /did
if [ "$FIRST" = slow ]; then sleep 60; fi
if [ "$FIRST" = mendable ] && [ ! -e /mended ]; then echo "not mended" >&2; exit 3; fi`,
  'scripts/second.sh': 'echo second >> /did',
}
const template: Template = await makeTemplate(files)
afterAll(() => template.dispose())

async function asked(gantry: Process, first: string): Promise<{ id: PlatformId; task: TaskId }> {
  const id = await gantry.ask('team-a', { first })
  const { tenantId: tenant, projectId: project } = template
  const task = await gantry.request(id, (tx, scope) =>
    createTask(tx, scope, gantry.seams, { kind: 'platform.create', tenant, project, platform: id, generation: 1 }),
  )
  return { id, task }
}

const cancel = (gantry: Process, id: PlatformId, task: TaskId) =>
  gantry.request(id, (tx, scope) => cancelTask(tx, scope, gantry.seams, task))
const resume = (gantry: Process, id: PlatformId) =>
  gantry.request(id, async (tx, scope) => goOn(gantry, tx, scope, await getPlatform(tx, scope, id)))
const retry = (gantry: Process, id: PlatformId) =>
  gantry.request(id, async (tx, scope) => tryAgain(gantry, tx, scope, await getPlatform(tx, scope, id)))

const is = (gantry: Process, id: PlatformId, state: string) =>
  gantry.run(async (store) => (await stateOf(store, id)) === state)

async function taskState(gantry: Process, task: TaskId) {
  const row = await gantry.store.read.selectFrom('tasks').select('state').where('id', '=', task).executeTakeFirst()
  return row?.state
}

const started = (life: MemoryLife) => life.remote.starts.map((start) => start.stepKey).sort()
const firsts = ['script/node-0@1/first', 'script/node-1@1/first']

test('cancel lets scripts end and begins nothing more; the hold outlives the process, and resume repeats nothing', async () => {
  await using life = openLife(template)
  const before = await life.start()
  const { id, task } = await asked(before, 'slow')
  await before.run(async () => started(life).length === 2)
  await cancel(before, id, task)
  expect(await stateOf(before.store, id)).toBe('held')
  expect(await taskState(before, task)).toBe('cancelled')
  await before.kill()

  const gantry = await life.start()
  await life.clock.advance(10 * 60_000)
  expect(started(life)).toEqual(firsts)
  // The second scripts were sent along with the first ones, and stopped before they began.
  const attempts = await gantry.store.read.selectFrom('attempts').select(['step_key', 'outcome']).execute()
  expect(attempts.map(({ step_key, outcome }) => `${step_key} ${outcome}`).sort()).toEqual([
    'script/node-0@1/first done',
    'script/node-0@1/second abandoned',
    'script/node-1@1/first done',
    'script/node-1@1/second abandoned',
  ])
  expect(await stateOf(gantry.store, id)).toBe('held')

  const next = await resume(gantry, id)
  await is(gantry, id, 'ready')
  expect(started(life)).toEqual([...firsts, 'script/node-0@1/second', 'script/node-1@1/second'].sort())
  expect(await taskState(gantry, next)).toBe('done')
  const moves = await gantry.store.read
    .selectFrom('events')
    .select(['to_state', 'actor', 'cause', 'task_id'])
    .where('kind', '=', 'platform.state')
    .orderBy('seq')
    .execute()
  expect(moves.map((move) => move.to_state)).toEqual(['building', 'held', 'building', 'ready'])
  expect(moves[1]).toMatchObject({ actor: 'test', cause: `task ${task} was cancelled`, task_id: task })
  expect(moves[2]).toMatchObject({ actor: 'test', cause: 'platform.resume', task_id: next })
})

test('a machine whose making had not begun is not made while the platform is held', async () => {
  await using life = openLife(template)
  const gantry = await life.start()
  const { id, task } = await asked(gantry, 'ok')
  await cancel(gantry, id, task)
  const made = life.world.living().length
  await life.clock.advance(5 * 60_000)
  expect(life.world.living().length).toBe(made)
  expect(life.remote.starts).toEqual([])
  await resume(gantry, id)
  await is(gantry, id, 'ready')
  expect(life.world.living()).toHaveLength(2)
})

test.each(['machine', 'script'] as const)(
  'a cancel that is committed before a %s step begins its work wins, though the step was on its way',
  async (kind) => {
    await using life = openLife(template)
    let stop: (() => Promise<unknown>) | undefined
    let stopping: Promise<unknown> | undefined
    const gantry = await life.start(null, {
      kind: (real) =>
        real.kind !== kind
          ? real
          : {
              ...real,
              async ensure(ctx) {
                stopping ??= stop?.()
                await stopping
                return real.ensure(ctx)
              },
            },
    })
    const { id, task } = await asked(gantry, 'ok')
    stop = () => cancel(gantry, id, task)
    await is(gantry, id, 'held')
    await life.clock.advance(5 * 60_000)
    expect(life.world.living()).toHaveLength(kind === 'machine' ? 0 : 2)
    expect(life.remote.starts).toEqual([])
    await resume(gantry, id)
    await is(gantry, id, 'ready')
    expect(life.remote.startedTwice()).toEqual([])
    expect(life.world.living()).toHaveLength(2)
  },
)

test('a member that dies while its platform is held is a named problem, and replaced only after resume', async () => {
  await using life = openLife(template)
  const gantry = await life.start()
  const { id, task } = await asked(gantry, 'slow')
  await gantry.run(async () => started(life).length === 2)
  await cancel(gantry, id, task)
  const [victim] = life.world.living()
  if (!victim) throw new Error('nobody to kill')
  life.world.kill(victim, 'vanished')
  await life.clock.advance(5 * 60_000)
  const problems = await gantry.store.read.selectFrom('problems').select(['code', 'resolved_at']).execute()
  expect(problems).toEqual([{ code: 'machine_dead', resolved_at: null }])
  expect(await gantry.store.read.selectFrom('decisions').select('id').where('kind', '=', 'replace').execute()).toEqual(
    [],
  )
  await resume(gantry, id)
  await is(gantry, id, 'ready')
  expect(life.world.living()).toHaveLength(2)
  // What was under way on the machine that is gone is over with it.
  const open = await gantry.store.read.selectFrom('attempts').select('id').where('ended_at', 'is', null).execute()
  expect(open).toEqual([])
})

test('a held platform can be deleted, and the deletion cannot be cancelled', async () => {
  await using life = openLife(template)
  const gantry = await life.start()
  const { id, task } = await asked(gantry, 'slow')
  await gantry.run(async () => started(life).length === 2)
  await cancel(gantry, id, task)
  const removal = await gantry.request(id, async (tx, scope) =>
    removePlatform(gantry, tx, scope, await getPlatform(tx, scope, id)),
  )
  await expect(cancel(gantry, id, removal)).rejects.toMatchObject({ code: 'not_cancellable' })
  await is(gantry, id, 'deleted')
  expect(life.world.living()).toEqual([])
  expect(await taskState(gantry, removal)).toBe('done')
  await expect(cancel(gantry, id, task)).rejects.toMatchObject({ code: 'wrong_state' })
  await expect(resume(gantry, id)).rejects.toMatchObject({ code: 'wrong_state' })
  await expect(retry(gantry, id)).rejects.toMatchObject({ code: 'wrong_state' })
})

test('what is blocked is tried as soon as a person asks, and the task that is only blocked goes on', async () => {
  await using life = openLife(template)
  const gantry = await life.start()
  const { id, task } = await asked(gantry, 'mendable')
  await is(gantry, id, 'blocked')
  await gantry.run(async () => (await taskState(gantry, task)) === 'blocked')
  for (const machine of life.world.living()) await machine.inside().disk.writeFile('/mended', '')
  const from = life.clock.now()
  expect(await retry(gantry, id)).toBe(task)
  await is(gantry, id, 'ready')
  expect(life.clock.now() - from).toBeLessThan(60_000)
  expect(await taskState(gantry, task)).toBe('done')
  await expect(retry(gantry, id)).rejects.toMatchObject({ code: 'wrong_state' })
})

test('where the last task was cancelled, retry goes on under a new one', async () => {
  await using life = openLife(template)
  const gantry = await life.start()
  const { id, task } = await asked(gantry, 'mendable')
  await is(gantry, id, 'blocked')
  await cancel(gantry, id, task)
  for (const machine of life.world.living()) await machine.inside().disk.writeFile('/mended', '')
  const next = await retry(gantry, id)
  expect(next).not.toBe(task)
  await is(gantry, id, 'ready')
  expect(await taskState(gantry, task)).toBe('cancelled')
  expect(await taskState(gantry, next)).toBe('done')
})

test('a retry that fails again leaves its new task blocked, with the reason', async () => {
  await using life = openLife(template)
  const gantry = await life.start()
  const { id, task } = await asked(gantry, 'mendable')
  await is(gantry, id, 'blocked')
  await cancel(gantry, id, task)
  const next = await retry(gantry, id)
  await gantry.run(async () => (await taskState(gantry, next)) === 'blocked')
  expect(await stateOf(gantry.store, id)).toBe('blocked')
})
