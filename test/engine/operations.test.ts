// Operations beside the platform: run once, on who was there, and never in the way of what the platform is.

import { afterAll, expect, test } from 'vitest'
import { type BlueprintFiles, loadBlueprintFolder } from '../../src/blueprints/index.ts'
import { resolveByPerson } from '../../src/care/index.ts'
import type { PlatformId, TaskId } from '../../src/kernel/ids.ts'
import { requestOperation } from '../../src/resources/operations/request.ts'
import { retryTask } from '../../src/resources/operations/retry.ts'
import { goOn } from '../../src/resources/platforms/going-on.ts'
import { removePlatform } from '../../src/resources/platforms/removal.ts'
import { hibernate, wake } from '../../src/resources/platforms/rest.ts'
import { getPlatform } from '../../src/resources/platforms/store.ts'
import { cancelTask, createTask } from '../../src/resources/tasks/index.ts'
import { type MemoryLife, openLife } from '../crash/installation.ts'
import { type Process, stateOf } from '../crash/process.ts'
import { makeTemplate } from '../crash/template.ts'
import { askChange } from '../support/changing.ts'

const document = `
name: jobs
version: 1.0.0
description: Operations that take their time, fail, and print secrets.
groups:
  node: { count: 2, flavor: small, image: debian-12, spread: { host: should } }
steps:
  found: { on: founder(node), once: true, run: scripts/found.sh, outputs: { id: plain } }
operations:
  nap:
    steps:
      sleep: { on: each, run: scripts/nap.sh }
      after: { on: each, needs: [sleep], run: scripts/after.sh }
  alone:
    mode: exclusive
    steps:
      sleep: { on: any-healthy(node), run: scripts/nap.sh }
  everywhere:
    mode: exclusive
    steps:
      sleep: { on: each, run: scripts/nap.sh }
  fails:
    parameters: { code: { type: integer, minimum: 0, maximum: 9, default: 3 } }
    steps:
      fail: { on: any-healthy(node), run: scripts/fail.sh, with: { code: { param: code } }, attempts: 2 }
      after: { on: each, needs: [fail], run: scripts/after.sh }
  never:
    steps:
      wait: { on: each, run: scripts/nap.sh, deadline: 20s, attempts: 1 }
  hangs:
    steps:
      wait: { on: each, run: scripts/hang.sh, deadline: 20s, attempts: 1 }
  mint:
    steps:
      key: { on: any-healthy(node), run: scripts/key.sh, outputs: { key: secret, motto: plain } }
      use: { on: each, needs: [key], run: scripts/use.sh, using: { key: key.key, id: found.id } }
    outputs:
      key: { from: key.key }
      motto: { from: key.motto }
`
const files: BlueprintFiles = {
  'blueprint.yaml': document,
  'scripts/found.sh': 'echo "id=cluster-1" >> "$GANTRY_OUTPUT"',
  'scripts/nap.sh': 'echo napped >> /did; sleep 60',
  'scripts/hang.sh': 'sleep 900000',
  'scripts/after.sh': 'echo after >> /did',
  'scripts/fail.sh': 'echo "not this time" >&2; exit "$CODE"',
  'scripts/key.sh': 'echo "key=very-secret-key" >> "$GANTRY_OUTPUT"; echo "motto=onwards" >> "$GANTRY_OUTPUT"',
  'scripts/use.sh': 'echo "using $KEY of $ID"; echo "$KEY" >> /key',
}
const template = await makeTemplate(files)
const slow = await makeTemplate({
  'blueprint.yaml': `
name: slow
version: 1.0.0
description: A change that takes its time, in place.
parameters:
  revision: { type: integer, minimum: 1, default: 1 }
groups:
  node: { count: 1, flavor: small, image: debian-12 }
steps:
  setup: { on: each, run: scripts/nap.sh, with: { revision: { param: revision } } }
update: { strategy: inPlace }
operations:
  alone:
    mode: exclusive
    steps:
      look: { on: any-healthy(node), run: scripts/after.sh }
`,
  'scripts/nap.sh': files['scripts/nap.sh'] ?? '',
  'scripts/after.sh': files['scripts/after.sh'] ?? '',
})
const quorum = await makeTemplate(await loadBlueprintFolder('test/blueprints/quorum'))
afterAll(() => {
  template.dispose()
  slow.dispose()
  quorum.dispose()
})

async function built(life: MemoryLife): Promise<{ gantry: Process; id: PlatformId }> {
  const gantry = await life.start()
  const id = await gantry.ask('team-a', {})
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  return { gantry, id }
}

const run = (gantry: Process, id: PlatformId, operation: string, parameters = {}): Promise<TaskId> =>
  gantry.request(id, async (tx, scope) =>
    requestOperation(gantry, tx, scope, await getPlatform(tx, scope, id), { operation, parameters }),
  )
const cancel = (gantry: Process, id: PlatformId, task: TaskId) =>
  gantry.request(id, (tx, scope) => cancelTask(tx, scope, gantry.seams, task))

async function taskOf(gantry: Process, task: TaskId) {
  const row = await gantry.store.read.selectFrom('tasks').selectAll().where('id', '=', task).executeTakeFirstOrThrow()
  return { state: row.state, reason: row.reason, problem: row.problem === null ? null : JSON.parse(row.problem) }
}
const ends = (gantry: Process, task: TaskId, state: string) =>
  gantry.run(async () => (await taskOf(gantry, task)).state === state)

const steps = (life: MemoryLife, task: TaskId) =>
  life.remote.starts.flatMap((start) =>
    start.stepKey.includes(`op/${task}/`) ? [start.stepKey.split('/').at(-1)] : [],
  )

function kill(life: MemoryLife, slot: string): void {
  const victim = life.world.living().find((machine) => String(machine.key).includes(`/${slot}@`))
  if (!victim) throw new Error(`no ${slot}`)
  life.world.kill(victim, 'vanished')
}

test('an operation runs its steps once on each member there is, and asked for again it is another one', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life)
  const task = await run(gantry, id, 'nap')
  await ends(gantry, task, 'running')
  expect(await stateOf(gantry.store, id)).toBe('ready')
  await ends(gantry, task, 'done')
  expect(steps(life, task)).toEqual(['sleep', 'sleep', 'after', 'after'])
  await life.clock.advance(30 * 60_000)
  expect(steps(life, task)).toHaveLength(4)
  const again = await run(gantry, id, 'nap')
  await ends(gantry, again, 'done')
  expect(steps(life, again)).toHaveLength(4)
  const moves = await gantry.store.read
    .selectFrom('events')
    .select('to_state')
    .where('kind', '=', 'platform.state')
    .execute()
  expect(moves.map((move) => move.to_state)).toEqual(['building', 'ready'])
})

test('a secret it makes is in the vault alone: redacted in logs, a reference in its outputs', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life)
  const task = await run(gantry, id, 'mint')
  await ends(gantry, task, 'done')
  const row = await gantry.store.read.selectFrom('operations').select('outputs').executeTakeFirstOrThrow()
  expect(JSON.parse(row.outputs)).toEqual({ key: { $secret: expect.stringMatching(/^sec_/) }, motto: 'onwards' })
  const everything = JSON.stringify([
    await gantry.store.read.selectFrom('logs').selectAll().execute(),
    await gantry.store.read.selectFrom('records').selectAll().execute(),
    await gantry.store.read.selectFrom('events').selectAll().execute(),
  ])
  expect(everything).toContain('using [redacted] of cluster-1')
  expect(everything).not.toContain('very-secret-key')
})

test('a step that is out of attempts fails the operation and nothing else; retry runs it anew', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life)
  const task = await run(gantry, id, 'fails')
  await ends(gantry, task, 'failed')
  expect((await taskOf(gantry, task)).problem).toMatchObject({ code: 'script_failed' })
  expect(steps(life, task)).toEqual(['fail', 'fail'])
  await life.clock.advance(20 * 60_000)
  expect(steps(life, task)).toEqual(['fail', 'fail'])
  expect(await stateOf(gantry.store, id)).toBe('ready')
  const retried = await gantry.request(id, (tx, scope) => retryTask(gantry, tx, scope, task))
  expect(retried.task).not.toBe(task)
  await ends(gantry, retried.task, 'failed')
  const good = await run(gantry, id, 'fails', { code: 0 })
  await ends(gantry, good, 'done')
  expect(steps(life, good)).toEqual(['fail', 'after', 'after'])
  await expect(gantry.request(id, (tx, scope) => retryTask(gantry, tx, scope, good))).rejects.toMatchObject({
    code: 'wrong_state',
  })
})

test('a step past its deadline fails the operation', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life)
  const task = await run(gantry, id, 'never')
  await ends(gantry, task, 'failed')
  expect(await stateOf(gantry.store, id)).toBe('ready')
})

test('who is to fall asleep waits for a script, but not for one whose machine is gone or that never ends', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life)
  const sleep = () =>
    gantry.request(id, async (tx, scope) => hibernate(gantry, tx, scope, await getPlatform(tx, scope, id)))
  const sleepsAfter = async (ms: number) => {
    const before = life.clock.now()
    await gantry.run(async (store) => (await stateOf(store, id)) === 'hibernated')
    expect(life.clock.now() - before).toBeGreaterThan(ms)
    await gantry.request(id, async (tx, scope) => wake(gantry, tx, scope, await getPlatform(tx, scope, id)))
    await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  }
  const nap = await run(gantry, id, 'nap')
  await gantry.run(async () => steps(life, nap).length === 2)
  await sleep()
  await sleepsAfter(50_000)
  await ends(gantry, nap, 'done')

  await run(gantry, id, 'hangs')
  await gantry.run(async () => life.remote.starts.at(-1)?.stepKey.endsWith('/wait') ?? false)
  await sleep()
  await sleepsAfter(15_000)

  const everywhere = await run(gantry, id, 'everywhere')
  await gantry.run(async () => steps(life, everywhere).length === 2)
  kill(life, 'node-1')
  await life.clock.advance(20_000)
  await sleep()
  await sleepsAfter(0)
  expect(life.world.living()).toHaveLength(2)
})

test('a person may have a machine started again, whatever operation waits for what it was doing, or for the machine itself', async () => {
  await using life = openLife(slow)
  const { gantry, id } = await built(life)
  const before = life.remote.starts.length
  await askChange(gantry, id, { kind: 'change', parameters: { revision: 2 } })
  await gantry.run(async () => life.remote.starts.length > before)
  const [machine] = life.world.living()
  if (!machine) throw new Error('it has no machine')
  life.world.kill(machine, 'off')
  const alone = await run(gantry, id, 'alone')
  const problem = () =>
    gantry.store.read.selectFrom('problems').selectAll().where('resolved_at', 'is', null).executeTakeFirst()
  await gantry.run(async () => (await problem())?.code === 'machine_dead')
  expect(steps(life, alone)).toEqual([])
  await gantry.request(id, async (tx, scope) => {
    const { tenant_id, project_id } = await getPlatform(tx, scope, id)
    const open = await tx.selectFrom('problems').selectAll().where('resolved_at', 'is', null).executeTakeFirstOrThrow()
    const place = { id, tenantId: tenant_id, projectId: project_id }
    await resolveByPerson(tx, gantry.seams, place, open, 'reboot', 'user:ann')
  })
  await ends(gantry, alone, 'done')
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  expect(life.world.living()).toEqual([machine])
})

test('an exclusive operation holds repair until it has ended; problems are still named', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life)
  const task = await run(gantry, id, 'alone')
  await gantry.run(async () => steps(life, task).length === 1)
  const { executor } = await gantry.store.read
    .selectFrom('attempts')
    .select('executor')
    .where('step_key', '=', `op/${task}/sleep`)
    .executeTakeFirstOrThrow()
  kill(life, executor === 'node-0@1' ? 'node-1' : 'node-0')
  await life.clock.advance(40_000)
  const problems = await gantry.store.read.selectFrom('problems').select('code').execute()
  expect(problems).toEqual([{ code: 'machine_dead' }])
  expect((await nodes(gantry)).map((node) => node.member)).toEqual(['node-0@1', 'node-1@1'])
  expect((await taskOf(gantry, task)).state).toBe('running')
  await ends(gantry, task, 'done')
  await gantry.run(async (store) => (await nodes(gantry)).length === 3 && (await stateOf(store, id)) === 'ready')
  expect(steps(life, task)).toEqual(['sleep'])
})

test('an exclusive operation waits for what was under way, and for operations before it', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life)
  const nap = await run(gantry, id, 'nap')
  await gantry.run(async () => steps(life, nap).length === 2)
  const alone = await run(gantry, id, 'alone')
  await life.clock.advance(30_000)
  expect(await taskOf(gantry, alone)).toMatchObject({
    state: 'waiting',
    reason: 'an operation before it has not ended',
  })
  await expect(run(gantry, id, 'nap')).rejects.toMatchObject({ code: 'conflict' })
  expect(steps(life, alone)).toEqual([])
  await ends(gantry, alone, 'done')
  expect(life.remote.starts.slice(-5).map((start) => start.stepKey.split('/')[1])).toEqual([nap, nap, nap, nap, alone])
})

test('an exclusive operation begins only when what was under way has ended, also of an operation that was cancelled', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life)
  const nap = await run(gantry, id, 'nap')
  await gantry.run(async () => steps(life, nap).length === 2)
  await cancel(gantry, id, nap)
  const alone = await run(gantry, id, 'alone')
  await life.clock.advance(30_000)
  expect(await taskOf(gantry, alone)).toMatchObject({
    state: 'waiting',
    reason: 'what was under way before it has not ended',
  })
  expect(steps(life, alone)).toEqual([])
  await ends(gantry, alone, 'done')
  const attempts = await gantry.store.read
    .selectFrom('attempts')
    .selectAll()
    .where('step_key', 'like', 'op/%')
    .execute()
  const began = attempts.find((attempt) => attempt.step_key.includes(alone))?.started_at ?? 0
  for (const before of attempts.filter((attempt) => attempt.step_key.includes(nap)))
    expect(before.ended_at).toBeLessThanOrEqual(began)
})

test('a repair that has begun stands still while an exclusive operation runs, and then goes on', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life)
  kill(life, 'node-1')
  await life.wait(gantry.care.scanNow())
  await gantry.run(async () => (await nodes(gantry)).length === 3)
  const task = await run(gantry, id, 'alone')
  await gantry.run(async () => steps(life, task).length === 1)
  const states = async () => (await nodes(gantry)).map((node) => node.state)
  const standing = await states()
  expect(standing).not.toEqual(['ready', 'deleted', 'ready'])
  await life.clock.advance(40_000)
  expect(await states()).toEqual(standing)
  await ends(gantry, task, 'done')
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  expect(await states()).toEqual(['ready', 'deleted', 'ready'])
})

test('cancelling an operation lets its scripts end and begins none, and does not hold the platform', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life)
  const task = await run(gantry, id, 'nap')
  await gantry.run(async () => steps(life, task).length === 2)
  await cancel(gantry, id, task)
  await life.clock.advance(10 * 60_000)
  expect(steps(life, task)).toEqual(['sleep', 'sleep'])
  const open = await gantry.store.read.selectFrom('attempts').select('id').where('ended_at', 'is', null).execute()
  expect(open).toEqual([])
  expect((await taskOf(gantry, task)).state).toBe('cancelled')
  expect(await stateOf(gantry.store, id)).toBe('ready')
})

test('while the platform is held an operation waits, and goes on with it', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life)
  const task = await run(gantry, id, 'nap')
  await gantry.run(async () => steps(life, task).length === 2)
  const place = { tenant: template.tenantId, project: template.projectId, platform: id }
  const other = await gantry.request(id, (tx, scope) =>
    createTask(tx, scope, gantry.seams, { kind: 'platform.retry', ...place, generation: 1 }),
  )
  await cancel(gantry, id, other)
  await life.clock.advance(5 * 60_000)
  expect(steps(life, task)).toEqual(['sleep', 'sleep'])
  expect(await taskOf(gantry, task)).toMatchObject({ state: 'waiting', reason: 'the platform is held' })
  await expect(run(gantry, id, 'nap')).rejects.toMatchObject({ code: 'platform_held' })
  await gantry.request(id, async (tx, scope) => goOn(gantry, tx, scope, await getPlatform(tx, scope, id)))
  await ends(gantry, task, 'done')
  expect(steps(life, task)).toEqual(['sleep', 'sleep', 'after', 'after'])
})

test('a member that joins later is not concerned, and one that leaves before it was done on it fails it', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life)
  const task = await run(gantry, id, 'nap')
  await gantry.run(async () => steps(life, task).length === 2)
  kill(life, 'node-1')
  await ends(gantry, task, 'failed')
  const { problem } = await taskOf(gantry, task)
  expect(problem).toMatchObject({ code: 'member_gone', facts: { member: 'node-1@1' } })
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  await life.clock.advance(5 * 60_000)
  expect(life.remote.starts.filter((start) => start.stepKey.includes('node-1@2'))).toEqual([])
  const open = await gantry.store.read.selectFrom('attempts').select('id').where('ended_at', 'is', null).execute()
  expect(open).toEqual([])
})

test('deleting the platform supersedes its operations', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life)
  const task = await run(gantry, id, 'nap')
  await gantry.run(async () => steps(life, task).length === 2)
  await gantry.request(id, async (tx, scope) => removePlatform(gantry, tx, scope, await getPlatform(tx, scope, id)))
  await gantry.run(async (store) => (await stateOf(store, id)) === 'deleted')
  expect((await taskOf(gantry, task)).state).toBe('superseded')
  expect(life.world.living()).toEqual([])
  await expect(run(gantry, id, 'nap')).rejects.toMatchObject({ code: 'wrong_state' })
})

test('what is not founded, not there or not allowed is refused and writes nothing', async () => {
  await using life = openLife(template)
  const gantry = await life.start()
  const id = await gantry.ask('team-a', {})
  await expect(run(gantry, id, 'nap')).rejects.toMatchObject({ code: 'not_founded' })
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  await expect(run(gantry, id, 'knap')).rejects.toMatchObject({ code: 'unknown_operation' })
  await expect(run(gantry, id, 'fails', { kode: 1 })).rejects.toMatchObject({ code: 'unknown_parameter' })
  await expect(run(gantry, id, 'fails', { code: 99 })).rejects.toMatchObject({ code: 'invalid_parameter' })
  expect(await gantry.store.read.selectFrom('tasks').select('id').execute()).toEqual([])
})

test('a Gantry killed in the middle goes on with the operation and starts nothing again', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life)
  const task = await run(gantry, id, 'nap')
  await gantry.run(async () => steps(life, task).length === 2)
  await gantry.kill()
  await life.clock.advance(20_000)
  const second = await life.start()
  await ends(second, task, 'done')
  expect(steps(life, task)).toEqual(['sleep', 'sleep', 'after', 'after'])
})

test('the operations of the test blueprint name outputs of its own steps and count its members', async () => {
  await using life = openLife(quorum)
  const { gantry, id } = await built(life)
  const survey = await run(gantry, id, 'survey', { note: 'hi' })
  await ends(gantry, survey, 'done')
  const rekey = await run(gantry, id, 'rekey')
  await ends(gantry, rekey, 'done')
  const rows = await gantry.store.read.selectFrom('operations').select('outputs').orderBy('task_id').execute()
  expect(rows.map((row) => JSON.parse(row.outputs))).toEqual([
    { counted: '5' },
    { 'admin-key': { $secret: expect.stringMatching(/^sec_/) } },
  ])
  expect(steps(life, rekey)).toEqual(['key', 'spread', 'spread', 'spread', 'spread'])
})

async function nodes(gantry: Process) {
  return gantry.store.read.selectFrom('machines').select(['member', 'state']).orderBy('member').execute()
}
