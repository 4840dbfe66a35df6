// A platform is changed while it lives: who stays, who is changed in place, who is replaced, in which order, and what
// happens when the change is no good.

import { afterAll, expect, test } from 'vitest'
import { type BlueprintFiles, loadBlueprintFolder } from '../../src/blueprints/index.ts'
import type { PlatformId } from '../../src/kernel/ids.ts'
import { tryAgain } from '../../src/resources/platforms/going-on.ts'
import { hibernate, wake } from '../../src/resources/platforms/rest.ts'
import { getPlatform } from '../../src/resources/platforms/store.ts'
import { type MemoryLife, openLife } from '../crash/installation.ts'
import { type Process, stateOf } from '../crash/process.ts'
import { makeTemplate, type Template } from '../crash/template.ts'
import { askChange, lookAtChange, publish } from '../support/changing.ts'

const files = await loadBlueprintFolder('test/blueprints/quorum')
const inPlace = with_(files, (text) =>
  text
    .replace(
      /^update:.*$/m,
      'update: { strategy: { voter: inPlace, worker: inPlace }, canaries: 2, maxInFlight: 2, order: [voter, worker] }',
    )
    .replace(
      /^health:/m,
      `drain:
  worker: { on: any-healthy(voter), run: scripts/drain.sh }
return:
  worker: { on: any-healthy(voter), run: scripts/return.sh }

health:`,
    ),
)
const replacing: Template = await makeTemplate(files)
const changing: Template = await makeTemplate({
  ...inPlace,
  'scripts/drain.sh': 'echo "draining $GANTRY_SUBJECT"',
  'scripts/return.sh': 'echo "$GANTRY_SUBJECT is back"',
})
afterAll(() => {
  replacing.dispose()
  changing.dispose()
})

function with_(from: BlueprintFiles, edit: (text: string) => string): Record<string, string> {
  return { ...from, 'blueprint.yaml': edit(from['blueprint.yaml'] ?? '') }
}

async function built(life: MemoryLife, parameters: { voters: number; workers: number }) {
  const gantry = await life.start()
  const id = await gantry.ask('team-a', parameters)
  await ready(gantry, id)
  return { gantry, id, before: life.remote.starts.length }
}

async function ready(gantry: Process, id: PlatformId): Promise<void> {
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
}

async function reaches(gantry: Process, id: PlatformId, state: string): Promise<void> {
  await gantry.run(async (store) => (await stateOf(store, id)) === state)
}

const ran = (life: MemoryLife, since: number): string[] => life.remote.starts.slice(since).map((start) => start.stepKey)

async function members(gantry: Process, id: PlatformId): Promise<string[]> {
  const rows = await gantry.store.read
    .selectFrom('members')
    .select(['group_name', 'ordinal', 'incarnation', 'revision'])
    .where('platform_id', '=', id)
    .where('state', '=', 'in')
    .orderBy('group_name')
    .orderBy('ordinal')
    .execute()
  return rows.map((row) => `${row.group_name}-${row.ordinal}@${row.incarnation}#${row.revision}`)
}

function rest(gantry: Process, id: PlatformId, what: typeof hibernate | typeof wake) {
  return gantry.request(id, async (tx, scope) => what(gantry, tx, scope, await getPlatform(tx, scope, id)))
}

async function held(gantry: Process, id: PlatformId): Promise<number> {
  const rows = await gantry.store.read
    .selectFrom('reservations')
    .select('amounts')
    .where('platform_id', '=', id)
    .execute()
  return rows.reduce((sum, { amounts }) => sum + (JSON.parse(amounts)['vm.count'] ?? 0), 0)
}

async function tasks(gantry: Process, id: PlatformId): Promise<string[]> {
  const rows = await gantry.store.read
    .selectFrom('tasks')
    .select(['kind', 'state'])
    .where('platform_id', '=', id)
    .orderBy('id')
    .execute()
  return rows.map(({ kind, state }) => `${kind} ${state}`)
}

test('a group grows: only the new members run steps, and the gate', async () => {
  await using life = openLife(replacing)
  const { gantry, id, before } = await built(life, { voters: 3, workers: 1 })
  await askChange(gantry, id, { kind: 'change', parameters: { workers: 3 } })
  await ready(gantry, id)
  const steps = ran(life, before).filter((key) => !key.startsWith('gate/') && !key.startsWith('fresh/'))
  expect(steps.every((key) => key.includes('worker-1@1') || key.includes('worker-2@1'))).toBe(true)
  expect(await members(gantry, id)).toEqual([
    ...['voter-0@1#2', 'voter-1@1#2', 'voter-2@1#2'],
    ...['worker-0@1#2', 'worker-1@1#2', 'worker-2@1#2'],
  ])
  expect(await held(gantry, id)).toBe(6)
  expect(await tasks(gantry, id)).toEqual(['platform.change done'])
})

test('a group shrinks: the newest leave after their leave script, quota and machines are given back', async () => {
  await using life = openLife(replacing)
  const { gantry, id, before } = await built(life, { voters: 3, workers: 3 })
  await askChange(gantry, id, { kind: 'change', groups: { worker: { count: 1 } } })
  await ready(gantry, id)
  expect(
    ran(life, before)
      .filter((key) => key.startsWith('leave/'))
      .sort(),
  ).toEqual(['leave/worker-1@1', 'leave/worker-2@1'])
  expect(life.world.living()).toHaveLength(4)
  expect(await held(gantry, id)).toBe(4)
})

test('voters grow and shrink by two and never lose their quorum: they leave one after the other', async () => {
  await using life = openLife(replacing)
  const { gantry, id } = await built(life, { voters: 3, workers: 0 })
  await askChange(gantry, id, { kind: 'change', parameters: { voters: 5 } })
  await ready(gantry, id)
  const before = life.remote.starts.length
  await askChange(gantry, id, { kind: 'change', parameters: { voters: 3 } })
  await ready(gantry, id)
  expect(ran(life, before).filter((key) => key.startsWith('leave/'))).toHaveLength(2)
  expect(life.world.living()).toHaveLength(3)
  expect(await members(gantry, id)).toHaveLength(3)
})

test('deleted in the middle of a change, it gives back what was reserved for the way', async () => {
  await using life = openLife(replacing)
  const { gantry, id } = await built(life, { voters: 1, workers: 2 })
  await askChange(gantry, id, { kind: 'renew' })
  expect(await held(gantry, id)).toBeGreaterThan(3)
  await gantry.remove(id)
  await reaches(gantry, id, 'deleted')
  expect(await held(gantry, id)).toBe(0)
})

test('the unwell go first, whatever their age', async () => {
  await using life = openLife(replacing)
  const { gantry, id } = await built(life, { voters: 1, workers: 3 })
  await gantry.store.write((tx) =>
    tx.updateTable('machines').set({ missing_since: 1 }).where('member', '=', 'worker-0@1').execute(),
  )
  const { preview } = await lookAtChange(gantry, id, { kind: 'change', parameters: { workers: 2 } })
  expect(preview.removed.map(({ member, why }) => [member.ref, why])).toEqual([['worker-0@1', 'it is not well']])
})

test('in place: drained, changed, returned; a canary first, then two at a time; nobody is replaced', async () => {
  await using life = openLife(changing)
  const { gantry, id, before } = await built(life, { voters: 1, workers: 4 })
  const { preview } = await lookAtChange(gantry, id, { kind: 'change', parameters: { revision: 2 } })
  expect(preview.waves.map((wave) => wave.length)).toEqual([1, 1, 2, 1])
  await askChange(gantry, id, { kind: 'change', parameters: { revision: 2 } })
  await ready(gantry, id)
  const steps = ran(life, before)
  for (const worker of ['worker-0@1', 'worker-3@1']) {
    const own = steps.filter((key) => key.includes(worker))
    expect(own).toEqual([`drain/${worker}`, `script/${worker}/prepare`, `return/${worker}`])
  }
  expect(steps.filter((key) => key.startsWith('script/voter-0@1'))).toEqual(['script/voter-0@1/prepare'])
  expect(life.world.living()).toHaveLength(5)
  expect(await members(gantry, id)).toContain('worker-3@1#2')
})

test('replaced: a successor joins and is healthy before its predecessor drains and leaves; the surge is given back', async () => {
  await using life = openLife(replacing)
  const { gantry, id, before } = await built(life, { voters: 1, workers: 2 })
  await askChange(gantry, id, { kind: 'change', parameters: { revision: 2 } })
  expect(await held(gantry, id)).toBe(4)
  await ready(gantry, id)
  const steps = ran(life, before)
  expect(steps.indexOf('script/worker-0@2/join')).toBeLessThan(steps.indexOf('leave/worker-0@1'))
  expect(await members(gantry, id)).toEqual(['voter-0@2#2', 'worker-0@2#2', 'worker-1@2#2'])
  expect(life.world.living()).toHaveLength(3)
  expect(await held(gantry, id)).toBe(3)
})

test('every machine is renewed, voters one after the other, and the founder joins like anybody else', async () => {
  await using life = openLife(replacing)
  const { gantry, id, before } = await built(life, { voters: 3, workers: 1 })
  await askChange(gantry, id, { kind: 'renew' })
  await ready(gantry, id)
  expect(await members(gantry, id)).toEqual(['voter-0@2#2', 'voter-1@2#2', 'voter-2@2#2', 'worker-0@2#2'])
  const leaves = ran(life, before).filter((key) => /^(leave\/voter|script\/voter-.@2\/join)/.test(key))
  expect(leaves).toEqual([
    ...['leave/voter-0@1', 'script/voter-0@2/join'],
    ...['leave/voter-1@1', 'script/voter-1@2/join'],
    ...['leave/voter-2@1', 'script/voter-2@2/join'],
  ])
  expect(ran(life, before)).not.toContain('script/found')
})

test('a version that fails stops at its canary; the others are untouched, and the way back mends it', async () => {
  await using life = openLife(changing)
  const { gantry, id } = await built(life, { voters: 1, workers: 3 })
  const bad = await publish(gantry, changing.files, '1.1.0', (path, text) =>
    path === 'scripts/prepare.sh' ? `${text}\n[ "$GANTRY_GROUP" = voter ] || exit 3\n` : text,
  )
  await askChange(gantry, id, { kind: 'change', blueprint: bad })
  await reaches(gantry, id, 'blocked')
  expect(await tasks(gantry, id)).toEqual(['platform.change failed'])
  const problem = await gantry.store.read
    .selectFrom('problems')
    .select(['code', 'detail'])
    .where('resolved_at', 'is', null)
    .executeTakeFirst()
  expect(problem?.code).toBe('rollout_stopped')
  const behind = await gantry.store.read.selectFrom('members').select('ordinal').where('revision', '=', 1).execute()
  expect(behind).toHaveLength(2)
  await askChange(gantry, id, { kind: 'rollback' })
  await ready(gantry, id)
  expect(await members(gantry, id)).toEqual(['voter-0@1#3', 'worker-0@1#3', 'worker-1@1#3', 'worker-2@1#3'])
  expect(await tasks(gantry, id)).toEqual(['platform.change failed', 'platform.rollback done'])
})

test('a rollout that stopped goes on when somebody tries again', async () => {
  await using life = openLife(changing)
  const { gantry, id } = await built(life, { voters: 1, workers: 2 })
  const flaky = await publish(gantry, changing.files, '1.1.0', (path, text) =>
    path === 'scripts/prepare.sh' ? `${text}\n[ -e /mended ] || [ "$GANTRY_GROUP" = voter ] || exit 3\n` : text,
  )
  await askChange(gantry, id, { kind: 'change', blueprint: flaky })
  await reaches(gantry, id, 'blocked')
  for (const machine of life.world.living()) machine.inside().disk.writeFileSync('/mended', 'yes')
  await gantry.request(id, async (tx, scope) => tryAgain(gantry, tx, scope, await getPlatform(tx, scope, id)))
  await ready(gantry, id)
  expect(await members(gantry, id)).toEqual(['voter-0@1#2', 'worker-0@1#2', 'worker-1@1#2'])
})

test('a change in the middle of another takes its place; what was half done is not left', async () => {
  await using life = openLife(changing)
  const { gantry, id } = await built(life, { voters: 1, workers: 3 })
  await askChange(gantry, id, { kind: 'change', parameters: { revision: 2 } })
  await gantry.run(async (store) => {
    const waves = await store.read.selectFrom('decisions').select('id').where('kind', '=', 'wave').execute()
    return waves.length === 2
  })
  await askChange(gantry, id, { kind: 'change', parameters: { revision: 1, workers: 2 } })
  await ready(gantry, id)
  expect(await members(gantry, id)).toEqual(['voter-0@1#3', 'worker-0@1#3', 'worker-1@1#3'])
  expect(await tasks(gantry, id)).toEqual(['platform.change superseded', 'platform.change done'])
  const dirty = await gantry.store.read
    .selectFrom('records')
    .select('key')
    .where('attempting', 'is not', null)
    .execute()
  expect(dirty).toEqual([])
})

test('what is so already asks for nothing', async () => {
  await using life = openLife(replacing)
  const { gantry, id } = await built(life, { voters: 1, workers: 1 })
  expect(await askChange(gantry, id, { kind: 'change', parameters: { workers: 1 } })).toBeNull()
  await expect(askChange(gantry, id, { kind: 'rollback' })).rejects.toMatchObject({ code: 'wrong_state' })
  await expect(askChange(gantry, id, { kind: 'rollback', revision: 9 })).rejects.toMatchObject({ code: 'not_found' })
  await expect(askChange(gantry, id, { kind: 'change', groups: { nobody: {} } })).rejects.toMatchObject({
    code: 'invalid_parameter',
  })
})

test('a slot that is filled again while its machine goes is held on, also when another process was asked', async () => {
  await using life = openLife(replacing, { world: { destroyMs: 400, jitter: 0 } })
  const { gantry, id } = await built(life, { voters: 1, workers: 3 })
  const other = await life.start()
  await askChange(gantry, id, { kind: 'change', parameters: { workers: 1 } })
  await gantry.run(async (store) => {
    const going = await store.read.selectFrom('machines').select('id').where('state', '=', 'deleting').execute()
    return going.length === 2
  })
  // Whose run it is hears of it only when it looks again.
  await askChange(other, id, { kind: 'change', parameters: { workers: 3 } })
  await ready(gantry, id)
  expect(life.world.living()).toHaveLength(4)
  expect(await held(gantry, id)).toBe(4)
})

test('a change that needs more than there is is refused whole, and nothing is changed', async () => {
  await using life = openLife(replacing)
  const { gantry, id } = await built(life, { voters: 1, workers: 1 })
  await expect(askChange(gantry, id, { kind: 'change', parameters: { workers: 500 } })).rejects.toMatchObject({
    code: expect.stringMatching(/quota_exceeded|no_capacity/),
  })
  expect(await held(gantry, id)).toBe(2)
  expect(await members(gantry, id)).toEqual(['voter-0@1#1', 'worker-0@1#1'])
})

test('changed while it wakes: its machines are ready, and what they are to be is on them', async () => {
  await using life = openLife(changing)
  const { gantry, id } = await built(life, { voters: 1, workers: 1 })
  await rest(gantry, id, hibernate)
  await reaches(gantry, id, 'hibernated')
  await rest(gantry, id, wake)
  await askChange(gantry, id, { kind: 'change', parameters: { revision: 2 } })
  await ready(gantry, id)
  const machines = await gantry.store.read.selectFrom('machines').select('state').execute()
  expect(machines.map(({ state }) => state)).toEqual(['ready', 'ready'])
  expect(await members(gantry, id)).toEqual(['voter-0@1#2', 'worker-0@1#2'])
})
