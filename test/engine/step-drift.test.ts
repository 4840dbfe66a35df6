// What a step did and somebody undid is found, told, and done again; not while the platform is paused.

import { afterAll, expect, test } from 'vitest'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import { pausePlatform, resumePlatform } from '../../src/engine/index.ts'
import type { PlatformId } from '../../src/kernel/ids.ts'
import { resolveNamed } from '../../src/resources/platforms/problems.ts'
import { setWindow } from '../../src/resources/terms/index.ts'
import { type MemoryLife, openLife } from '../crash/installation.ts'
import { type Process, stateOf } from '../crash/process.ts'
import { makeTemplate } from '../crash/template.ts'

const files = await loadBlueprintFolder('test/blueprints/quorum')
const verify = '[ "$(cat /var/lib/quorum/revision)" = "$REVISION" ] || { echo "$GANTRY_MEMBER is undone"; exit 1; }\n'
const template = await makeTemplate({
  ...files,
  'blueprint.yaml': (files['blueprint.yaml'] ?? '').replace(
    'run: scripts/prepare.sh\n',
    'run: scripts/prepare.sh\n    verify: scripts/prepared.sh\n    every: 10s\n',
  ),
  'scripts/prepared.sh': verify,
})
afterAll(() => template.dispose())

async function built(life: MemoryLife) {
  const gantry = await life.start(null, { checks: true })
  const id = await gantry.ask('team-a', { voters: 1, workers: 1 })
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  const { disk } = life.world
    .living()
    .find(({ key }) => String(key).includes('/worker-0@'))
    ?.inside() ?? { disk: null }
  if (!disk) throw new Error('no worker')
  const problems = () => gantry.store.read.selectFrom('problems').selectAll().execute()
  const undo = () => disk.writeFileSync('/var/lib/quorum/revision', 'nonsense\n')
  const revision = async () => String(await disk.readFile('/var/lib/quorum/revision')).trim()
  return { gantry, id, problems, undo, revision }
}

/** Soon after the clock of a life begins. */
const atFive = { opens: '5 0 * * *', timeZone: 'UTC', durationSeconds: 300 }

/** Chooses for the latest problem as a request does. */
const choose = (gantry: Process, id: PlatformId, resolution: 'retry' | 'ignore') =>
  gantry.request(id, async (tx, scope) => {
    const problem = await tx.selectFrom('problems').select('id').orderBy('since', 'desc').executeTakeFirstOrThrow()
    await resolveNamed(gantry, tx, scope, id, problem.id, resolution)
  })

const passes = (life: MemoryLife, ms: number) => life.clock.runUntil(life.clock.seams.clock.sleep(ms))

test('what was undone is told and done again, and then the problem ends', async () => {
  await using life = openLife(template)
  const { gantry, problems, undo, revision } = await built(life)
  await passes(life, 60_000)
  expect(await problems()).toEqual([])
  undo()
  await gantry.run(async () => (await problems()).some(({ resolved_at }) => resolved_at !== null))
  expect(await revision()).toBe('1')
  expect(await problems()).toMatchObject([
    {
      code: 'step_drifted',
      subject: 'script/worker-0@1/prepare',
      detail: expect.stringContaining('worker-0@1 is undone'),
      resolution: 'done again',
    },
  ])
})

test('outside the maintenance window it is told and waits until it opens, unless a person says to go on', async () => {
  await using life = openLife(template)
  const { gantry, id, problems, undo, revision } = await built(life)
  await gantry.request(id, (tx) => setWindow(tx, id, atFive))
  undo()
  await gantry.run(async () => (await problems()).length === 1)
  const five = new Date(life.clock.now()).setUTCHours(0, 5, 0, 0)
  await passes(life, five - 1_000 - life.clock.now())
  expect(await revision()).toBe('nonsense')
  await gantry.run(async () => (await problems()).every(({ resolved_at }) => resolved_at !== null))
  expect(await revision()).toBe('1')
  await passes(life, 10 * 60_000)
  undo()
  await gantry.run(async () => (await problems()).length === 2)
  await choose(gantry, id, 'retry')
  await gantry.run(async () => (await problems()).every(({ resolved_at }) => resolved_at !== null))
  expect(await revision()).toBe('1')
})

test('who ignores it has it left as it is and hears no more of it, and may still have it done again', async () => {
  await using life = openLife(template)
  const { gantry, id, problems, undo, revision } = await built(life)
  await gantry.request(id, (tx) => setWindow(tx, id, atFive))
  undo()
  await gantry.run(async () => (await problems()).length === 1)
  await choose(gantry, id, 'ignore')
  await passes(life, 20 * 60_000)
  expect(await revision()).toBe('nonsense')
  expect(await problems()).toMatchObject([{ resolution: 'ignore' }])
  await choose(gantry, id, 'retry')
  await gantry.run(async () => (await revision()) === '1')
  await gantry.run(async () => (await problems()).every(({ resolution }) => resolution === 'done again'))
  expect(await problems()).toHaveLength(1)
})

test('of a paused platform it is told, and nothing is done until it is resumed', async () => {
  await using life = openLife(template)
  const { gantry, id, problems, undo, revision } = await built(life)
  await gantry.request(id, (tx) => pausePlatform(tx, gantry.seams, id, { actor: 'test', cause: 'test', task: null }))
  undo()
  await gantry.run(async () => (await problems()).length > 0)
  await passes(life, 5 * 60_000)
  expect(await revision()).toBe('nonsense')
  await gantry.request(id, (tx) => resumePlatform(tx, gantry.seams, id, { actor: 'test', cause: 'test', task: null }))
  await gantry.run(async () => (await problems()).every(({ resolved_at }) => resolved_at !== null))
  expect(await revision()).toBe('1')
})
