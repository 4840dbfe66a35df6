// The promises about scripts, on machines in memory: what runs when, what is told to whom, and what is
// written of it.

import { afterAll, expect, test } from 'vitest'
import type { BlueprintFiles } from '../../src/blueprints/index.ts'
import type { PlatformId } from '../../src/kernel/ids.ts'
import { type MemoryLife, openLife } from '../crash/installation.ts'
import { type Process, stateOf } from '../crash/process.ts'
import { makeTemplate, type Template } from '../crash/template.ts'
import { askChange } from '../support/changing.ts'

const document = `
name: letters
version: 1.0.0
description: Writes letters.
parameters:
  letter: { type: string, default: a }
groups:
  node: { count: 2, flavor: small, image: debian-12, spread: { host: should } }
steps:
  write:
    on: each
    run: scripts/write.sh
    with: { letter: { param: letter } }
    attempts: 3
  found:
    on: founder(node)
    once: true
    needs: [write]
    run: scripts/found.sh
    outputs: { id: plain }
  token:
    on: any-healthy(node)
    fresh: true
    needs: [found]
    run: scripts/token.sh
    outputs: { token: secret }
  join:
    on: each
    except: founder
    needs: [write, found]
    run: scripts/join.sh
    with: { cluster: found.id }
    using: { token: token.token }
update: { canaries: 0, maxInFlight: 2 }
outputs:
  id: { from: found.id }
`
const scripts = {
  'scripts/write.sh': `set -eu
echo "$LETTER was \${GANTRY_PREVIOUS_LETTER:-nothing}" >> /letters
if [ "$LETTER" = x ]; then echo "no x" >&2; exit 3; fi
if [ "$LETTER" = slow ]; then sleep 60; fi`,
  'scripts/found.sh': `set -eu
echo found >> /letters
echo "id=cluster-1" >> "$GANTRY_OUTPUT"`,
  'scripts/token.sh': `set -eu
echo minted >> /minted
echo "token=secret-$(grep -c minted /minted)-of-this-platform" >> "$GANTRY_OUTPUT"`,
  'scripts/join.sh': `set -eu
echo "joining $CLUSTER with $TOKEN"
echo "$TOKEN" >> /joined`,
}
const files: BlueprintFiles = { 'blueprint.yaml': document, ...scripts }

const template: Template = await makeTemplate(files)
afterAll(() => template.dispose())

async function ready(process: Process, id: PlatformId): Promise<void> {
  await process.run(async (store) => ['ready', 'blocked'].includes(await stateOf(store, id)))
  expect(await stateOf(process.store, id)).toBe('ready')
}

function machine(life: MemoryLife, name: string) {
  const found = life.world.living().find((one) => String(one.key).includes(`/${name}@`))
  if (!found) throw new Error(`no ${name}`)
  return found
}

async function text(life: MemoryLife, name: string, path: string): Promise<string> {
  return new TextDecoder().decode(
    await machine(life, name)
      .inside()
      .disk.readFileBuffer(path)
      .catch(() => new Uint8Array()),
  )
}

async function set(gantry: Process, id: PlatformId, letter: string): Promise<void> {
  await askChange(gantry, id, { kind: 'change', parameters: { letter } })
}

async function starts(life: MemoryLife, step: string): Promise<number> {
  return life.remote.starts.filter((one) => one.stepKey === step).length
}

test('a platform is founded once, joined with a token minted for each use, and tells its outputs', async () => {
  await using life = openLife(template)
  const gantry = await life.start()
  const id = await gantry.ask('team-a', {})
  await ready(gantry, id)
  expect(await text(life, 'node-0', '/letters')).toBe('a was nothing\nfound\n')
  expect(await text(life, 'node-1', '/letters')).toBe('a was nothing\n')
  expect(await text(life, 'node-1', '/joined')).toBe('secret-1-of-this-platform\n')
  expect(await text(life, 'node-0', '/joined')).toBe('')
  const { outputs } = await gantry.store.read
    .selectFrom('platforms')
    .select('outputs')
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  expect(JSON.parse(outputs)).toEqual({ id: 'cluster-1' })
})

test('a secret that a script prints is redacted in its log, and what was minted is destroyed after its use', async () => {
  await using life = openLife(template)
  const gantry = await life.start()
  await ready(gantry, await gantry.ask('team-a', {}))
  const logs = await gantry.store.read.selectFrom('logs').select('chunk').execute()
  const all = logs.map((row) => row.chunk).join('')
  expect(all).toContain('joining cluster-1 with [redacted]')
  expect(all).not.toContain('secret-1')
  expect(await gantry.store.read.selectFrom('records').select('key').where('mode', '=', 'fresh').execute()).toEqual([])
})

test('a change of a with runs that step again on each member, with the previous value, and nothing else', async () => {
  await using life = openLife(template)
  const gantry = await life.start()
  const id = await gantry.ask('team-a', {})
  await ready(gantry, id)
  const before = life.remote.starts.length
  await set(gantry, id, 'b')
  await gantry.run(async () => (await starts(life, 'script/node-1@1/write')) === 2)
  await ready(gantry, id)
  expect(await text(life, 'node-1', '/letters')).toBe('a was nothing\nb was a\n')
  expect(life.remote.starts.length - before).toBe(2)
})

test('A -> B -> A runs again where B was begun, so nothing half-applied stays', async () => {
  await using life = openLife(template)
  const gantry = await life.start()
  const id = await gantry.ask('team-a', {})
  await ready(gantry, id)
  await set(gantry, id, 'slow')
  await gantry.run(async () => (await starts(life, 'script/node-1@1/write')) === 2)
  await set(gantry, id, 'a')
  await gantry.run(async (store) => {
    const rows = await store.read
      .selectFrom('records')
      .select('attempting')
      .where('key', 'like', 'script/%/write')
      .execute()
    return rows.every((row) => row.attempting === null) && (await stateOf(store, id)) === 'ready'
  })
  expect(await text(life, 'node-1', '/letters')).toBe('a was nothing\nslow was a\na was slow\n')
})

test('a failing script is tried as often as its author said, then blocks with the last line it wrote', async () => {
  await using life = openLife(template)
  const gantry = await life.start()
  const id = await gantry.ask('team-a', { letter: 'x' })
  await gantry.run(async (store) => (await stateOf(store, id)) === 'blocked')
  await gantry.run(async () => (await starts(life, 'script/node-0@1/write')) === 3)
  const row = await gantry.store.read
    .selectFrom('platforms')
    .select('state_reason')
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  expect(row.state_reason).toMatch(/scripts\/write.sh on node-[01]@1 ended with exit code 3: no x/)
  // Slow tries by themselves go on, and do not make it look as if somebody had mended it.
  await life.clock.advance(16 * 60_000)
  expect(await starts(life, 'script/node-0@1/write')).toBeGreaterThan(4)
  const moves = await gantry.store.read
    .selectFrom('events')
    .select('to_state')
    .where('kind', '=', 'platform.state')
    .execute()
  expect(moves.map((row) => row.to_state)).toEqual(['building', 'blocked'])
  await set(gantry, id, 'y')
  await gantry.run(async (store) => (await stateOf(store, id)) !== 'blocked')
  await ready(gantry, id)
})

test('a machine restarted in mid-script loses the attempt, and another one runs', async () => {
  await using life = openLife(template)
  const gantry = await life.start()
  const id = await gantry.ask('team-a', { letter: 'slow' })
  await gantry.run(async () => (await starts(life, 'script/node-1@1/write')) === 1)
  life.world.reset(machine(life, 'node-1'))
  await ready(gantry, id)
  const attempts = await gantry.store.read
    .selectFrom('attempts')
    .select('outcome')
    .where('step_key', '=', 'script/node-1@1/write')
    .execute()
  expect(attempts.map((row) => row.outcome)).toEqual(['lost', 'done'])
  expect(life.remote.startedTwice()).toEqual([])
})

test('a Gantry killed in the middle of a script goes on with it and starts nothing again', async () => {
  await using life = openLife(template)
  const first = await life.start()
  const id = await first.ask('team-a', { letter: 'slow' })
  await first.run(async () => (await starts(life, 'script/node-1@1/write')) === 1)
  await first.kill()
  await life.clock.advance(20_000)
  const second = await life.start()
  await ready(second, id)
  expect(await starts(life, 'script/node-1@1/write')).toBe(1)
  expect(life.clock.now() - template.startMs).toBeLessThan(90_000)
  const told = await second.store.read
    .selectFrom('events')
    .select('cause')
    .where('kind', '=', 'run.taken-over')
    .where('platform_id', '=', id)
    .execute()
  expect(told).toEqual([{ cause: 'the process that worked on it was not heard of' }])
})
