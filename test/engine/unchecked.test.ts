// A check is taken out of the blueprint while what it found lasts: a machine that is ill, a platform that is, a step that was
// undone. Nobody asks any more, so it is over, and told to be over; when the check comes back, so does what it finds.

import { afterAll, expect, test } from 'vitest'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import { resolveByPerson } from '../../src/care/index.ts'
import type { PlatformId } from '../../src/kernel/ids.ts'
import { setWindow } from '../../src/resources/terms/index.ts'
import { type MemoryLife, openLife } from '../crash/installation.ts'
import { type Process, stateOf } from '../crash/process.ts'
import { makeTemplate } from '../crash/template.ts'
import { askChange, publish } from '../support/changing.ts'

const shipped = await loadBlueprintFolder('test/blueprints/quorum')
const verified = 'run: scripts/prepare.sh\n    verify: scripts/prepared.sh\n    every: 10s\n'
const files = {
  ...shipped,
  'blueprint.yaml': (shipped['blueprint.yaml'] ?? '').replace('run: scripts/prepare.sh\n', verified),
  'scripts/prepared.sh': '[ ! -e /etc/undone ] || { echo "$GANTRY_MEMBER is undone"; exit 1; }\n',
  'scripts/health.sh': 'if [ -e /etc/sick ]; then cat /etc/sick; exit 1; fi\n',
}
const template = await makeTemplate(files)
afterAll(() => template.dispose())

async function built(life: MemoryLife) {
  const gantry = await life.start(null, { checks: true })
  const id = await gantry.ask('team-a', { voters: 1, workers: 1 })
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  return { gantry, id }
}

function diskOf(life: MemoryLife, slot: string) {
  const machine = life.world.living().find(({ key }) => String(key).includes(`/${slot}@`))
  if (!machine) throw new Error(`no ${slot}`)
  return machine.inside().disk
}

/** The platform follows the version whose document lacks something, and scripts that nothing runs any more with it. */
async function follows(life: MemoryLife, gantry: Process, id: PlatformId, version: string, edit: Edit) {
  const document = edit(files['blueprint.yaml'])
  if (document === files['blueprint.yaml']) throw new Error('nothing was taken out')
  const used = Object.entries(files).filter(([path]) => !path.startsWith('scripts/') || document.includes(path))
  const edited = { ...Object.fromEntries(used), 'blueprint.yaml': document }
  const blueprint = await life.wait(publish(gantry, edited, version, (_path, text) => text))
  await life.wait(askChange(gantry, id, { kind: 'change', blueprint }))
}
type Edit = (document: string) => string

const problems = (gantry: Process) =>
  gantry.store.read.selectFrom('problems').selectAll().orderBy('since').orderBy('code').execute()
const open = async (gantry: Process) => (await problems(gantry)).filter(({ resolved_at }) => resolved_at === null)
const codes = async (gantry: Process) => (await open(gantry)).map(({ code, subject }) => `${code} ${subject}`)
async function resolvedEvents(gantry: Process) {
  const told = gantry.store.read.selectFrom('events').select(['data', 'cause']).where('kind', '=', 'problem.resolved')
  return (await told.orderBy('seq').execute()).map(({ data, cause }) => `${JSON.parse(data).code}: ${cause}`)
}

const isReady = (gantry: Process, id: PlatformId) => gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
const isDegraded = (gantry: Process, id: PlatformId) =>
  gantry.run(async (store) => (await stateOf(store, id)) === 'degraded')

const withoutPlatformCheck = (text: string) => text.replace(/^ {2}platform:\n(?: {4}.*\n)+/m, '')
const withoutWorkerCheck = (text: string) => text.replace(/^ {4}worker: \{ run: scripts\/well.*\n/m, '')

test('a platform whose check is gone is ready again, and whoever the check blamed is well', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life)
  diskOf(life, 'voter-0').writeFileSync('/etc/sick', 'unhealthy=worker-0\nno service answers\n')
  await isDegraded(gantry, id)
  expect(await codes(gantry)).toEqual(['member_unhealthy worker-0@1', 'platform_unhealthy health'])
  await follows(life, gantry, id, '1.1.0', withoutPlatformCheck)
  await isReady(gantry, id)
  expect(await open(gantry)).toEqual([])
  expect((await resolvedEvents(gantry)).sort()).toEqual([
    'member_unhealthy: its blueprint checks it no more',
    'platform_unhealthy: its blueprint checks it no more',
  ])
  await diskOf(life, 'voter-0').rm('/etc/sick')
  await life.wait(askChange(gantry, id, { kind: 'rollback' }))
  await isReady(gantry, id)
  diskOf(life, 'voter-0').writeFileSync('/etc/sick', 'unhealthy=worker-0\nno service answers\n')
  await isDegraded(gantry, id)
  expect(await codes(gantry)).toEqual(['member_unhealthy worker-0@1', 'platform_unhealthy health'])
})

test('a machine whose check is gone serves again; that of another group stays as its own check finds it', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life)
  diskOf(life, 'worker-0').writeFileSync('/etc/ill', 'the disk of this worker is slow\n')
  await isDegraded(gantry, id)
  expect(await codes(gantry)).toEqual(['member_unhealthy worker-0@1'])
  await follows(life, gantry, id, '1.1.0', (text) => text.replace(/^ {4}voter: \{ ssh: true.*\n/m, ''))
  await life.clock.advance(60_000)
  expect(await codes(gantry)).toEqual(['member_unhealthy worker-0@1'])
  await follows(life, gantry, id, '1.2.0', withoutWorkerCheck)
  await isReady(gantry, id)
  expect(await open(gantry)).toEqual([])
  expect(await resolvedEvents(gantry)).toEqual(['member_unhealthy: its blueprint checks it no more'])
  const machines = await gantry.store.read.selectFrom('machines').select('state').execute()
  expect(machines).toEqual([{ state: 'ready' }, { state: 'ready' }])
})

test('what was ignored is over with its check too, and told anew when the check is back', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life)
  diskOf(life, 'voter-0').writeFileSync('/etc/sick', 'no service answers\n')
  await isDegraded(gantry, id)
  const [problem] = await open(gantry)
  if (!problem) throw new Error('nothing to ignore')
  await gantry.request(id, (tx, { tenant, project }) => {
    if (tenant === null || project === null) throw new Error('no project')
    return resolveByPerson(tx, gantry.seams, { id, tenantId: tenant, projectId: project }, problem, 'ignore', 'test')
  })
  await isReady(gantry, id)
  await follows(life, gantry, id, '1.1.0', withoutPlatformCheck)
  await life.clock.advance(60_000)
  expect((await problems(gantry)).map(({ resolution }) => resolution)).toEqual(['ignored until it was over'])
  await diskOf(life, 'voter-0').rm('/etc/sick')
  await life.wait(askChange(gantry, id, { kind: 'rollback' }))
  await isReady(gantry, id)
  diskOf(life, 'voter-0').writeFileSync('/etc/sick', 'no service answers\n')
  await isDegraded(gantry, id)
  expect(await codes(gantry)).toEqual(['platform_unhealthy health'])
})

test.each([
  {
    what: 'is verified no more',
    edit: (text: string) => text.replace(/ {4}verify: .*\n {4}every: .*\n/, ''),
  },
  {
    what: 'has another name',
    edit: (text: string) =>
      text.replaceAll(/\bprepare\b(?!\.sh)/g, 'ready').replace('strategy: replace', 'strategy: inPlace'),
  },
])('a step that was undone and $what is told no more, though its window is shut', async ({ edit }) => {
  await using life = openLife(template)
  const { gantry, id } = await built(life)
  await gantry.request(id, (tx) => setWindow(tx, id, { opens: '0 12 * * *', timeZone: 'UTC', durationSeconds: 60 }))
  diskOf(life, 'worker-0').writeFileSync('/etc/undone', '')
  await gantry.run(async () => (await open(gantry)).length > 0)
  expect(await codes(gantry)).toEqual(['step_drifted script/worker-0@1/prepare'])
  await follows(life, gantry, id, '1.1.0', edit)
  await diskOf(life, 'worker-0').rm('/etc/undone')
  await gantry.run(async () => (await open(gantry)).length === 0)
  expect(await resolvedEvents(gantry)).toEqual(['step_drifted: its blueprint checks it no more'])
})
