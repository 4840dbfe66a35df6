// An attempt whose machine is gone: what becomes of it is its author's choice, also where another machine could take over.

import { afterAll, expect, test } from 'vitest'
import type { BlueprintFiles } from '../../src/blueprints/index.ts'
import { openLife } from '../crash/installation.ts'
import { stateOf } from '../crash/process.ts'
import { makeTemplate } from '../crash/template.ts'

const filesOf = (onLost: string): BlueprintFiles => ({
  'blueprint.yaml': `
name: ledger
version: 1.0.0
description: Something that is done once, on anybody.
groups:
  node: { count: 2, flavor: small, image: debian-12, spread: { host: should } }
steps:
  ready: { on: each, run: scripts/ready.sh }
  move: { on: any-healthy(node), once: true, needs: [{ step: ready, of: all(node) }], run: scripts/move.sh, onLost: ${onLost} }
`,
  'scripts/ready.sh': 'true',
  'scripts/move.sh': 'sleep 120',
})
const blocking = await makeTemplate(filesOf('block'))
const rerunning = await makeTemplate(filesOf('rerun'))
afterAll(() => {
  blocking.dispose()
  rerunning.dispose()
})

test.each([
  ['block', blocking, 'blocked', 1],
  ['rerun', rerunning, 'ready', 2],
] as const)(
  'a once step on anybody, whose machine vanishes in the middle: %s',
  async (_choice, template, state, runs) => {
    await using life = openLife(template)
    const gantry = await life.start()
    const id = await gantry.ask('team-a', {})
    const moves = () => life.remote.starts.filter((start) => start.stepKey === 'script/move')
    await gantry.run(async () => moves().length === 1)
    const executor = life.world
      .living()
      .find((machine) => [...machine.inside().processes.list()].some((one) => one.command.includes('sleep 120')))
    if (!executor) throw new Error('nobody moves')
    life.world.kill(executor, 'vanished')
    await gantry.run(async (store) => (await stateOf(store, id)) === state)
    expect(moves()).toHaveLength(runs)
  },
)
