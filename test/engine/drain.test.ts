// Whoever goes is taken out of the outputs first, has notice, drains as its script says, and only then leaves.

import { afterAll, expect, test } from 'vitest'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import type { PlatformId } from '../../src/kernel/ids.ts'
import { type MemoryLife, openLife } from '../crash/installation.ts'
import { type Process, stateOf } from '../crash/process.ts'
import { makeTemplate, type Template } from '../crash/template.ts'
import { askChange } from '../support/changing.ts'

const files = await loadBlueprintFolder('test/blueprints/quorum')
const templates: Template[] = []
afterAll(() => {
  for (const template of templates) template.dispose()
})

async function templateWith(leave: string, script?: string): Promise<Template> {
  const text = files['blueprint.yaml']?.replace(
    /^ {2}worker: \{ on: any-healthy\(voter\), run: scripts\/leave.sh.*$/m,
    leave,
  )
  const template = await makeTemplate({
    ...files,
    'blueprint.yaml': text ?? '',
    ...(script === undefined ? {} : { 'scripts/drain-worker.sh': script }),
  })
  templates.push(template)
  return template
}

async function built(life: MemoryLife, workers: number) {
  const gantry = await life.start()
  const id = await gantry.ask('team-a', { voters: 1, workers })
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  return { gantry, id }
}

async function ready(gantry: Process, id: PlatformId): Promise<void> {
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
}

async function outputsOf(gantry: Process, id: PlatformId): Promise<Record<string, string>> {
  const row = await gantry.store.read.selectFrom('platforms').select('outputs').where('id', '=', id).executeTakeFirst()
  return JSON.parse(row?.outputs ?? '{}')
}

function events(gantry: Process, id: PlatformId) {
  return gantry.store.read
    .selectFrom('events')
    .select(['kind', 'step', 'at', 'data'])
    .where('platform_id', '=', id)
    .orderBy('seq')
    .execute()
}

test('a member is out of the outputs, with an event, its notice before its leave script begins', async () => {
  const template = await templateWith(
    '  worker: { on: any-healthy(voter), run: scripts/leave.sh, deadline: 5m, notice: 20s }',
  )
  await using life = openLife(template)
  const { gantry, id } = await built(life, 2)
  const addresses = (await outputsOf(gantry, id))['worker-addresses']?.split(',') ?? []
  expect(addresses).toHaveLength(2)
  await askChange(gantry, id, { kind: 'change', parameters: { workers: 1 } })
  await gantry.run(async () => (await outputsOf(gantry, id))['worker-addresses'] === addresses[0])
  expect(life.remote.starts.some(({ stepKey }) => stepKey === 'leave/worker-1@1')).toBe(false)
  await ready(gantry, id)
  const told = await events(gantry, id)
  const out = told.findLast((event) => event.kind === 'platform.outputs')
  const attempt = await gantry.store.read
    .selectFrom('attempts')
    .select('started_at')
    .where('step_key', '=', 'leave/worker-1@1')
    .executeTakeFirstOrThrow()
  expect(JSON.parse(out?.data ?? '{}')).toEqual({ outputs: ['worker-addresses'] })
  expect(attempt.started_at - (out?.at ?? 0)).toBeGreaterThanOrEqual(20_000)
})

test('a dead member has no notice: nobody uses it any more', async () => {
  const template = await templateWith(
    '  worker: { on: any-healthy(voter), run: scripts/leave.sh, deadline: 5m, notice: 2m }',
  )
  await using life = openLife(template)
  const { gantry } = await built(life, 1)
  const victim = life.world.living().find(({ key }) => String(key).includes('/worker-0@'))
  if (!victim) throw new Error('no worker')
  const since = life.clock.now()
  life.world.kill(victim, 'vanished')
  await life.clock.runUntil(gantry.care.scanNow())
  await gantry.run(async () => life.remote.starts.some(({ stepKey }) => stepKey === 'leave/worker-0@1'))
  expect(life.clock.now() - since).toBeLessThan(120_000)
})

test('a dynamic script says how long to wait, and with a minus that it wants to be called again', async () => {
  const template = await templateWith(
    '  worker: { on: any-healthy(voter), run: scripts/drain-worker.sh, deadline: 10m, dynamic: true }',
    `n=$(cat /drained 2>/dev/null || echo 0); echo $((n + 1)) > /drained
echo "call $n"
if [ "$n" -lt 2 ]; then echo -30; else echo 15; fi
`,
  )
  await using life = openLife(template)
  const { gantry, id } = await built(life, 1)
  const since = life.clock.now()
  await askChange(gantry, id, { kind: 'change', parameters: { workers: 0 } })
  await ready(gantry, id)
  const calls = life.remote.starts.filter(({ stepKey }) => stepKey === 'leave/worker-0@1')
  expect(calls).toHaveLength(3)
  expect(life.clock.now() - since).toBeGreaterThanOrEqual(75_000)
  expect(life.world.living()).toHaveLength(1)
})

test('a dynamic script that prints no number has failed, and is told so', async () => {
  const template = await templateWith(
    '  worker: { on: any-healthy(voter), run: scripts/drain-worker.sh, deadline: 10m, attempts: 1, onTimeout: block, dynamic: true }',
    'echo gladly\n',
  )
  await using life = openLife(template)
  const { gantry, id } = await built(life, 1)
  await askChange(gantry, id, { kind: 'change', parameters: { workers: 0 } })
  await gantry.run(async (store) => (await stateOf(store, id)) === 'blocked')
  const record = await gantry.store.read
    .selectFrom('records')
    .select('problem')
    .where('key', '=', 'leave/worker-0@1')
    .executeTakeFirst()
  expect(JSON.parse(record?.problem ?? '{}')).toMatchObject({
    code: 'script_failed',
    detail: expect.stringContaining('must print a whole number of seconds as its last line: gladly'),
  })
})
