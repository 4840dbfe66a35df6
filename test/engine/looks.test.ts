// What waits is tried as often as it says, whatever else wakes its run.

import { afterAll, expect, test } from 'vitest'
import { requestOperation } from '../../src/resources/operations/request.ts'
import { getPlatform } from '../../src/resources/platforms/store.ts'
import { openLife } from '../crash/installation.ts'
import { stateOf } from '../crash/process.ts'
import { makeTemplate } from '../crash/template.ts'
import { askChange } from '../support/changing.ts'

const template = await makeTemplate({
  'blueprint.yaml': `
name: sleeper
version: 1.0.0
description: An operation that takes its time.
parameters:
  revision: { type: integer, default: 1 }
groups:
  node: { count: 1, flavor: small, image: debian-12, quorum: true }
steps:
  found: { on: founder(node), once: true, run: scripts/found.sh }
  prepare: { on: each, run: scripts/prepare.sh, with: { revision: { param: revision } } }
operations:
  nap:
    steps:
      sleep: { on: any-healthy(node), run: scripts/nap.sh }
`,
  'scripts/prepare.sh': 'echo "prepared $REVISION"',
  'scripts/found.sh': 'echo founded',
  'scripts/nap.sh': 'sleep 300',
})
afterAll(() => template.dispose())

// The virtual clock objects to whoever asks for the time again and again and lets none pass.
test('an operation that waits beside a change that cannot go on is tried now and then, and not without rest', async () => {
  await using life = openLife(template)
  const gantry = await life.start()
  const id = await gantry.ask('team-a', {})
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  for (const machine of life.world.living()) life.world.kill(machine, 'vanished')
  await gantry.run(async (store) => (await stateOf(store, id)) === 'blocked')
  await askChange(gantry, id, { kind: 'change', parameters: { revision: 2 } })
  const task = await gantry.request(id, async (tx, scope) =>
    requestOperation(gantry, tx, scope, await getPlatform(tx, scope, id), { operation: 'nap', parameters: {} }),
  )
  await life.clock.advance(5 * 60_000)
  const row = await gantry.store.read
    .selectFrom('tasks')
    .select(['state', 'reason'])
    .where('id', '=', task)
    .executeTakeFirst()
  expect(row?.state).toBe('running')
})
