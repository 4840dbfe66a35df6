// Taking machines away where that is not allowed, not possible, or not provable.

import { afterAll, expect, test } from 'vitest'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import type { StepKind } from '../../src/engine/index.ts'
import type { PlatformId } from '../../src/kernel/ids.ts'
import type { Session } from '../../src/provider/contract.ts'
import { ProviderFault } from '../../src/provider/fault.ts'
import { lookerOver } from '../../src/provider/look.ts'
import { machineStep } from '../../src/steps/index.ts'
import { type MemoryLife, openLife } from '../crash/installation.ts'
import { type Process, stateOf } from '../crash/process.ts'
import { makeTemplate, type Template } from '../crash/template.ts'

const template: Template = await makeTemplate(await loadBlueprintFolder('test/blueprints/quorum'))
afterAll(() => template.dispose())

const is = (gantry: Process, id: PlatformId, state: string) =>
  gantry.run(async (store) => (await stateOf(store, id)) === state)

async function onlyReports(gantry: Process, value: 0 | 1): Promise<void> {
  await gantry.store.write((tx) => tx.updateTable('installation').set({ report_only: value }).execute())
}

/** Steps over a provider that refuses to remove the first worker's machine. */
function refusing(_real: StepKind, session: Session): StepKind {
  const stubborn: Session = {
    ...session,
    destroy: (owner, key, signal) =>
      key.endsWith('/worker-0@1')
        ? Promise.reject(new ProviderFault({ kind: 'rejected', outcome: 'none' }, 'the machine is protected'))
        : session.destroy(owner, key, signal),
  }
  return machineStep({ open: async () => ({ session: stubborn, looker: lookerOver(stubborn) }) })
}

function turnOff(life: MemoryLife, slot: string): void {
  const victim = life.world.living().find((machine) => String(machine.key).endsWith(`/${slot}@1`))
  if (!victim) throw new Error(`no ${slot}`)
  life.world.kill(victim, 'off')
}

test('an installation that only reports begins nothing, deletes no machine, and goes on when it may', async () => {
  await using life = openLife(template)
  const gantry = await life.start()
  const id = await gantry.ask('team-a', { voters: 1, workers: 1 })
  await is(gantry, id, 'ready')
  await onlyReports(gantry, 1)
  await gantry.remove(id)
  await life.clock.advance(5 * 60_000)
  expect(life.world.living()).toHaveLength(2)
  const begun = await gantry.store.read.selectFrom('events').select('step').where('kind', '=', 'step.started').execute()
  await life.clock.advance(60_000)
  expect(
    await gantry.store.read.selectFrom('events').select('step').where('kind', '=', 'step.started').execute(),
  ).toEqual(begun)
  await onlyReports(gantry, 0)
  await is(gantry, id, 'deleted')
  expect(life.world.living()).toEqual([])
})

test('a replaced machine that cannot be removed degrades its platform and says why; its successor works', async () => {
  await using life = openLife(template)
  const gantry = await life.start(null, { machineStep: refusing })
  const id = await gantry.ask('team-a', { voters: 1, workers: 1 })
  await is(gantry, id, 'ready')
  turnOff(life, 'worker-0')
  await is(gantry, id, 'degraded')
  await gantry.run(async (store) => {
    const row = await store.read
      .selectFrom('machines')
      .select('state')
      .where('member', '=', 'worker-0@2')
      .executeTakeFirst()
    return row?.state === 'ready'
  })
  await life.clock.advance(60_000)
  const row = await gantry.store.read
    .selectFrom('platforms')
    .select(['state', 'state_reason'])
    .where('id', '=', id)
    .executeTakeFirst()
  expect(row).toEqual({
    state: 'degraded',
    state_reason: 'worker-0 is being replaced: dead; the machine is protected',
  })
})
