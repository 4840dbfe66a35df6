// A platform that follows its blueprint by itself: in its window, by the rollout of any change, and never again to a
// version that did not stay.

import { afterAll, expect, test } from 'vitest'
import { ownScope } from '../../src/access/index.ts'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import type { PlatformId } from '../../src/kernel/ids.ts'
import { startKeeper } from '../../src/resources/calendar/index.ts'
import { getPlatform } from '../../src/resources/platforms/store.ts'
import { setAutoUpgrade, setWindow, showAutoUpgrade } from '../../src/resources/terms/index.ts'
import { type MemoryLife, openLife } from '../crash/installation.ts'
import { type Process, stateOf } from '../crash/process.ts'
import { makeTemplate, type Template } from '../crash/template.ts'
import { askChange, publish } from '../support/changing.ts'

const files = await loadBlueprintFolder('test/blueprints/quorum')
const template: Template = await makeTemplate(files)
afterAll(() => template.dispose())

const minute = 60_000

async function kept(life: MemoryLife, follow: 'patch' | 'minor', workers = 1) {
  const gantry = await life.start()
  const { store, seams, blueprints, forming } = gantry
  const wake = (id: PlatformId) => gantry.engine.wake(id)
  const log = (message: string, facts: object) => {
    throw new Error(`${message}: ${JSON.stringify(facts)}`)
  }
  startKeeper({ store, seams, blueprints, forming, wake, log })
  const id = await gantry.ask('team-a', { voters: 1, workers })
  await gantry.run(async () => (await stateOf(store, id)) === 'ready')
  await gantry.request(id, (tx) => setAutoUpgrade(tx, id, { follow }))
  return { gantry, id }
}

/** Another version, which runs the step of every member again. */
const published = (gantry: Process, version: string, script = 'echo again\n') =>
  gantry.run(async () => {
    await publish(gantry, files, version, (path, text) => (path === 'scripts/prepare.sh' ? `${text}\n${script}` : text))
    return true
  })

const versionOf = async (gantry: Process, id: PlatformId) => {
  const row = await getPlatform(gantry.store.read, await scopeOf(gantry, id), id)
  return row.blueprint_version
}
async function scopeOf({ store }: Process, id: PlatformId) {
  const { tenant_id, project_id } = await store.read
    .selectFrom('platforms')
    .select(['tenant_id', 'project_id'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  return ownScope(tenant_id, project_id, id)
}
async function shown(gantry: Process, id: PlatformId) {
  const scope = await scopeOf(gantry, id)
  const row = await getPlatform(gantry.store.read, scope, id)
  return showAutoUpgrade(gantry.store.read, scope, row, gantry.seams.clock.now())
}
async function told(gantry: Process): Promise<string[]> {
  const rows = await gantry.store.read
    .selectFrom('events')
    .select(['kind', 'data'])
    .where('kind', 'like', 'upgrade.%')
    .orderBy('seq')
    .execute()
  return rows.map(({ kind, data }) => `${kind} ${JSON.parse(data).to}`)
}
const problems = async (gantry: Process) =>
  gantry.store.read
    .selectFrom('problems')
    .select(['code', 'subject'])
    .where('resolved_at', 'is', null)
    .where('code', '=', 'upgrade_refused')
    .execute()

test('the newest version within what it follows is taken, once, and no other', async () => {
  await using life = openLife(template)
  const { gantry, id } = await kept(life, 'patch')
  const from = await versionOf(gantry, id)
  const [major, minor, patch] = from.split('.').map(Number)
  if (major === undefined || minor === undefined || patch === undefined) throw new Error(from)
  await published(gantry, `${major}.${minor + 1}.0`)
  await published(gantry, `${major}.${minor}.${patch + 3}-rc1`)
  await life.clock.advance(2 * minute)
  expect(await versionOf(gantry, id)).toBe(from)
  await published(gantry, `${major}.${minor}.${patch + 1}`)
  await published(gantry, `${major}.${minor}.${patch + 2}`)
  await life.clock.advance(5 * minute)
  const to = `${major}.${minor}.${patch + 2}`
  expect(await versionOf(gantry, id)).toBe(to)
  expect(await stateOf(gantry.store, id)).toBe('ready')
  expect(await told(gantry)).toEqual([`upgrade.begun ${to}`])
  const tasks = await gantry.store.read.selectFrom('tasks').select(['kind', 'state', 'actor']).execute()
  expect(tasks).toContainEqual({ kind: 'platform.change', state: 'done', actor: 'gantry' })
  expect(await shown(gantry, id)).toEqual({ follow: 'patch', next: null, waitsFor: null })
})

test('it waits for its window, and goes through when the window closes meanwhile', async () => {
  await using life = openLife(template)
  const { gantry, id } = await kept(life, 'minor')
  const from = await versionOf(gantry, id)
  const opens = gantry.seams.clock.now() + 30 * minute
  const cron = `${new Date(opens).getUTCMinutes()} ${new Date(opens).getUTCHours()} * * *`
  await gantry.request(id, (tx) => setWindow(tx, id, { opens: cron, durationSeconds: 60, timeZone: 'UTC' }))
  await published(gantry, '1.9.0')
  await life.clock.advance(20 * minute)
  expect(await versionOf(gantry, id)).toBe(from)
  expect((await shown(gantry, id)).waitsFor).toMatch(/^its window opens /)
  await life.clock.advance(20 * minute)
  expect(await versionOf(gantry, id)).toBe('1.9.0')
  expect(await stateOf(gantry.store, id)).toBe('ready')
})

test('a version that was taken back is not tried again by itself, but a later one is, and so is it when asked for anew', async () => {
  await using life = openLife(template)
  const { gantry, id } = await kept(life, 'minor')
  const from = await versionOf(gantry, id)
  await published(gantry, '1.9.0')
  await life.clock.advance(5 * minute)
  expect(await versionOf(gantry, id)).toBe('1.9.0')
  await askChange(gantry, id, { kind: 'rollback' })
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  await life.clock.advance(10 * minute)
  expect(await versionOf(gantry, id)).toBe(from)
  expect(await shown(gantry, id)).toMatchObject({ next: '1.9.0', waitsFor: expect.stringContaining('did not stay') })
  await published(gantry, '1.9.1')
  await life.clock.advance(5 * minute)
  expect(await versionOf(gantry, id)).toBe('1.9.1')
  await askChange(gantry, id, { kind: 'rollback', revision: 1 })
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  await gantry.request(id, (tx) => setAutoUpgrade(tx, id, { follow: 'minor' }))
  await life.clock.advance(5 * minute)
  expect(await versionOf(gantry, id)).toBe('1.9.1')
})

test('one whose members fail stops at the first of them, as any rollout: a problem, a failed task, and no second try', async () => {
  await using life = openLife(template)
  const { gantry, id } = await kept(life, 'minor', 3)
  await published(gantry, '1.9.0', 'exit 7\n')
  await gantry.run(async (store) => (await stateOf(store, id)) === 'blocked')
  await life.clock.advance(10 * minute)
  const tasks = await gantry.store.read
    .selectFrom('tasks')
    .select(['state', 'problem'])
    .where('kind', '=', 'platform.change')
    .execute()
  expect(tasks.map(({ state, problem }) => `${state} ${JSON.parse(problem ?? '{}').code}`)).toEqual([
    'failed rollout_stopped',
  ])
  expect(await told(gantry)).toEqual(['upgrade.begun 1.9.0'])
})

test('one that is refused is a problem, told once and asked for again, until there is one that is not', async () => {
  await using life = openLife(template)
  const { gantry, id } = await kept(life, 'minor')
  const from = await versionOf(gantry, id)
  await gantry.run(async () => {
    await publish(gantry, files, '1.9.0', (path, text) =>
      path === 'blueprint.yaml' ? text.replace(/flavor: \{ param: flavor \}/, 'flavor: gigantic') : text,
    )
    return true
  })
  await life.clock.advance(62 * minute)
  expect(await versionOf(gantry, id)).toBe(from)
  expect(await problems(gantry)).toEqual([{ code: 'upgrade_refused', subject: 'auto-upgrade' }])
  expect(await told(gantry)).toEqual(['upgrade.refused 1.9.0'])
  expect((await shown(gantry, id)).waitsFor).toMatch(/^it was refused/)
  await published(gantry, '1.9.1')
  await life.clock.advance(65 * minute)
  expect(await versionOf(gantry, id)).toBe('1.9.1')
  expect(await problems(gantry)).toEqual([])
})
