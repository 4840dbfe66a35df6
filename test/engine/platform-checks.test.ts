// A ready platform is asked again and again whether it works: what its check says is a named problem, told once, that
// ends by itself.

import { afterAll, expect, test } from 'vitest'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import { resolveByPerson } from '../../src/care/index.ts'
import { lastEventSeq } from '../../src/events/index.ts'
import { type MemoryLife, openLife } from '../crash/installation.ts'
import { type Process, stateOf } from '../crash/process.ts'
import { makeTemplate } from '../crash/template.ts'

const files = await loadBlueprintFolder('test/blueprints/quorum')
// What a test writes there is what the check finds.
const check = 'if [ -e /etc/sick ]; then cat /etc/sick; exit 1; fi\n'
const template = await makeTemplate({ ...files, 'scripts/health.sh': check })
afterAll(() => template.dispose())

async function built(life: MemoryLife) {
  const gantry = await life.start(null, { checks: true })
  const id = await gantry.ask('team-a', { voters: 1, workers: 1 })
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  const machine = life.world.living().find(({ key }) => String(key).includes('/voter-0@'))
  if (!machine) throw new Error('no voter')
  const { disk } = machine.inside()
  return {
    gantry,
    id,
    sicken: (says: string) => disk.writeFileSync('/etc/sick', says),
    heal: () => disk.rm('/etc/sick'),
  }
}

function open(gantry: Process) {
  return gantry.store.read.selectFrom('problems').selectAll().where('resolved_at', 'is', null).orderBy('code').execute()
}

const passes = (life: MemoryLife, ms: number) => life.clock.runUntil(life.clock.seams.clock.sleep(ms))

test('a check that fails again and again makes the platform degraded and says why, and names whom it blames', async () => {
  await using life = openLife(template)
  const { gantry, id, sicken, heal } = await built(life)
  sicken('unhealthy=worker-0\nunhealthy=nobody-7\nno service answers\nunhealthy=worker-0@1\n')
  await gantry.run(async (store) => (await stateOf(store, id)) === 'degraded')
  expect(await open(gantry)).toMatchObject([
    { code: 'member_unhealthy', subject: 'worker-0@1', resolutions: '["reboot","recreate","ignore"]' },
    {
      code: 'platform_unhealthy',
      subject: 'health',
      detail: expect.stringMatching(/health\.sh .*no service answers$/),
    },
  ])
  const { state_reason } = await gantry.store.read.selectFrom('platforms').selectAll().executeTakeFirstOrThrow()
  expect(state_reason).toContain('no service answers')
  const told = await lastEventSeq(gantry.store.read)
  await passes(life, 5 * 60_000)
  expect(await lastEventSeq(gantry.store.read)).toBe(told)
  await heal()
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  expect(await open(gantry)).toEqual([])
})

test('one failure is nothing to tell, and checks that pass write nothing', async () => {
  await using life = openLife(template)
  const { gantry, sicken, heal } = await built(life)
  await passes(life, 15_000)
  const before = await lastEventSeq(gantry.store.read)
  for (let round = 0; round < 10; round += 1) {
    sicken('only just now\n')
    await passes(life, 3_000)
    await heal()
    await passes(life, 30_000)
  }
  expect(await lastEventSeq(gantry.store.read)).toBe(before)
})

test('who ignores it has a platform that is ready, and hears of it again once it was well', async () => {
  await using life = openLife(template)
  const { gantry, id, sicken, heal } = await built(life)
  sicken('no service answers\n')
  await gantry.run(async (store) => (await stateOf(store, id)) === 'degraded')
  const [problem] = await open(gantry)
  if (!problem) throw new Error('nothing to ignore')
  await gantry.request(id, async (tx) => {
    const row = await tx.selectFrom('platforms').selectAll().executeTakeFirstOrThrow()
    const place = { id: row.id, tenantId: row.tenant_id, projectId: row.project_id }
    await resolveByPerson(tx, gantry.seams, place, problem, 'ignore', 'test')
  })
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  await passes(life, 60_000)
  expect(await stateOf(gantry.store, id)).toBe('ready')
  expect(await open(gantry)).toEqual([])
  await heal()
  await passes(life, 60_000)
  sicken('no service answers\n')
  await gantry.run(async (store) => (await stateOf(store, id)) === 'degraded')
})
