// What is told of a platform that could not be made and is to go: its past problem is none of its deletion's.

import { expect, test } from 'vitest'
import type { BlueprintFiles } from '../../src/blueprints/index.ts'
import type { StepKind } from '../../src/engine/index.ts'
import { newId, type PlatformId, type TaskId } from '../../src/kernel/ids.ts'
import type { Tx } from '../../src/store/store.ts'
import { openLife } from '../crash/installation.ts'
import { stateOf } from '../crash/process.ts'
import { makeTemplate, type Template } from '../crash/template.ts'

const document = `
name: pair
version: 1.0.0
description: Two machines.
parameters: {}
groups:
  node: { count: 2, flavor: small, image: debian-12, spread: { host: should } }
steps: {}
`
const files: BlueprintFiles = { 'blueprint.yaml': document }

/** Machines of node-1 cannot be made, as when a stranger has their name. */
function nameTaken(real: StepKind): StepKind {
  if (real.kind !== 'machine') return real
  return {
    ...real,
    async ensure(ctx) {
      if (ctx.step.want === 'absent' || !ctx.step.key.includes('node-1')) return real.ensure(ctx)
      return { kind: 'blocked', problem: { code: 'resource_name_taken', detail: 'node-1 is taken' } }
    },
  }
}

test('the task that deletes a platform blocked by a machine that cannot be made is never called blocked by it', async () => {
  await using template = await disposable()
  await using life = openLife(template.of)
  const gantry = await life.start(null, { kind: nameTaken })
  const id = await gantry.ask('team-a', {})
  await gantry.run(async (store) => (await stateOf(store, id)) === 'blocked')
  const task = newId('task', life.clock.seams)
  await gantry.store.write((tx) => removalTask(tx, template.of, id, task))
  await gantry.remove(id)
  await gantry.run(async (store) => (await stateOf(store, id)) === 'deleted')
  const moves = await gantry.store.read
    .selectFrom('events')
    .select('to_state')
    .where('kind', '=', 'task.state')
    .where('subject_id', '=', task)
    .orderBy('seq')
    .execute()
  const states = moves.map((move) => move.to_state)
  expect(states).not.toContain('blocked')
  expect(states.at(-1)).toBe('done')
  expect(life.world.living()).toEqual([])
})

/** As the request to delete writes it: bound to the generation that the removal makes. */
async function removalTask(tx: Tx, of: Template, platform: PlatformId, id: TaskId): Promise<void> {
  const rest = { operation: null, reason: null, problem: null, superseded_by: null, started_at: null, ended_at: null }
  const place = { tenant_id: of.tenantId, project_id: of.projectId, platform_id: platform }
  await tx
    .insertInto('tasks')
    .values({
      id,
      kind: 'platform.delete',
      ...place,
      generation: 2,
      state: 'queued',
      actor: 'test',
      created_at: 0,
      ...rest,
    })
    .execute()
}

async function disposable() {
  const of = await makeTemplate(files)
  return { of, [Symbol.asyncDispose]: async () => of.dispose() }
}
