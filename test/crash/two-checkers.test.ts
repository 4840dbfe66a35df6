// Two processes check the same machines, platforms and steps, each for itself: what they find is told once and acted upon
// once, and one that was stopped in the middle of a check says nothing, when it wakes, of what others know better by now.

import { afterAll, expect, test } from 'vitest'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import { type Remote, RemoteFault } from '../../src/bootstrap/remote.ts'
import { type MemoryLife, openLife } from './installation.ts'
import { type Gate, type Parts, type Process, stateOf } from './process.ts'
import { makeTemplate } from './template.ts'

const shipped = await loadBlueprintFolder('test/blueprints/quorum')
const verified = 'run: scripts/prepare.sh\n    verify: scripts/prepared.sh\n    every: 10s\n'
const template = await makeTemplate({
  ...shipped,
  'blueprint.yaml': (shipped['blueprint.yaml'] ?? '').replace('run: scripts/prepare.sh\n', verified),
  'scripts/prepared.sh': '[ "$(cat /var/lib/quorum/revision)" = "$REVISION" ] || { echo "it is undone"; exit 1; }\n',
  'scripts/health.sh': 'if [ -e /etc/sick ]; then cat /etc/sick; exit 1; fi\n',
})
afterAll(() => template.dispose())

/** What each kind of check finds, by a file on a machine that its script names. */
const kinds = {
  machine: { slot: 'worker-0', file: '/etc/ill', code: 'member_unhealthy' },
  platform: { slot: 'voter-0', file: '/etc/sick', code: 'platform_unhealthy' },
  step: { slot: 'worker-0', file: '/var/lib/quorum/revision', code: 'step_drifted' },
} as const
type Kind = keyof typeof kinds

function diskOf(life: MemoryLife, slot: string) {
  const machine = life.world.living().find(({ key }) => String(key).includes(`/${slot}@`))
  if (!machine) throw new Error(`no ${slot}`)
  return machine.inside().disk
}
const harm = (life: MemoryLife, kind: Kind) =>
  diskOf(life, kinds[kind].slot).writeFileSync(kinds[kind].file, 'not well\n')
/** A step is done again by the engine. */
const heal = async (life: MemoryLife, kind: Kind) =>
  kind === 'step' ? undefined : diskOf(life, kinds[kind].slot).rm(kinds[kind].file)

/** A process that is stopped, as by SIGSTOP, when one of its checks was answered so the n-th time in a row. */
function checker() {
  let stopped: Promise<void> | undefined
  let wake: () => void = () => undefined
  let trap: { readonly names: string; readonly answers: 'well' | 'ill'; left: number } | undefined
  /** So many more checks of workers get no answer through its line, whoever else is answered. COUNT */
  let cut = 0
  const gate: Gate = {
    async through() {
      while (stopped) await stopped
    },
  }
  const remote = (real: Remote): Remote => ({
    ...real,
    async check(target, script, timeoutMs, signal) {
      const lost = cut > 0 && script.includes(kinds.machine.file)
      if (lost) cut -= 1
      const answer = lost ? null : await real.check(target, script, timeoutMs, signal)
      if (trap && script.includes(trap.names) && (answer?.exitCode === 0) === (trap.answers === 'well')) trap.left -= 1
      if (trap?.left === 0) {
        trap = undefined
        stopped = new Promise((resolve) => {
          wake = resolve
        })
      }
      if (answer === null) throw new RemoteFault('unreachable', 'nobody answers')
      return answer
    },
  })
  return {
    parts: { checks: true, gate, remote } satisfies Parts,
    stopsAt(names: string, answers: 'well' | 'ill', times: number) {
      trap = { names, answers, left: times }
    },
    isStopped: () => stopped !== undefined,
    cut(times: number) {
      cut = times
    },
    wake() {
      stopped = undefined
      wake()
    },
  }
}

/** A platform that the first of two processes has built and checks. */
async function alone(life: MemoryLife) {
  const first = checker()
  const a = await life.start(null, first.parts)
  const id = await a.ask('team-a', { voters: 1, workers: 1 })
  await a.run(async (store) => (await stateOf(store, id)) === 'ready')
  return { first, id, another: () => life.start(null, { checks: true }) }
}

async function begun(life: MemoryLife) {
  const { first, id, another } = await alone(life)
  const b = await another()
  await life.clock.advance(30_000)
  return { first, b, id }
}

/** What was told of it, in order. */
async function told(gantry: Process, code: string): Promise<string[]> {
  const rows = gantry.store.read.selectFrom('events').select(['kind', 'data']).where('kind', 'like', 'problem.%')
  const all = (await rows.orderBy('seq').execute()).map(({ kind, data }) => ({ kind, code: JSON.parse(data).code }))
  return all.filter((event) => event.code === code).map(({ kind }) => kind.replace('problem.', ''))
}
const prepared = (life: MemoryLife) =>
  life.remote.starts.filter(({ stepKey }) => stepKey === 'script/worker-0@1/prepare').length
const replaced = async (gantry: Process) =>
  (await gantry.store.read.selectFrom('decisions').select('id').where('kind', '=', 'replace').execute()).length

const all = Object.keys(kinds) as Kind[]

test.each(all)('what both find of a %s is told once, is over once, and is acted upon once', async (kind) => {
  await using life = openLife(template)
  const { b } = await begun(life)
  const { code } = kinds[kind]
  harm(life, kind)
  await b.run(async () => (await told(b, code)).length > 0)
  await life.clock.advance(60_000)
  await heal(life, kind)
  await b.run(async () => (await told(b, code)).includes('resolved'))
  await life.clock.advance(60_000)
  expect(await told(b, code)).toEqual(['opened', 'resolved'])
  expect(prepared(life)).toBe(kind === 'step' ? 2 : 1)
  expect(await replaced(b)).toBe(0)
})

test('a machine that both find hung is made anew once', async () => {
  await using life = openLife(template)
  const { b, id } = await begun(life)
  const machine = life.world.living().find(({ key }) => String(key).includes('/worker-0@'))
  if (machine) life.world.kill(machine, 'silent')
  await b.run(async () => (await replaced(b)) > 0)
  await b.run(async (store) => (await stateOf(store, id)) === 'ready')
  await life.clock.advance(120_000)
  expect(await told(b, 'machine_hung')).toEqual(['opened', 'resolved'])
  expect(await replaced(b)).toBe(1)
  expect(life.world.living()).toHaveLength(2)
})

test.each(all)(
  'one that was stopped when it had found a %s ill tells nothing of what is over when it wakes',
  async (kind) => {
    await using life = openLife(template)
    const { first, another } = await alone(life)
    const { code, file } = kinds[kind]
    first.stopsAt(file, 'ill', 3)
    harm(life, kind)
    for (let seconds = 0; !first.isStopped() && seconds < 60; seconds += 1) await life.clock.advance(1_000)
    expect(first.isStopped()).toBe(true)
    const b = await another()
    await b.run(async () => (await told(b, code)).length > 0)
    await heal(life, kind)
    await b.run(async () => (await told(b, code)).includes('resolved'))
    const again = prepared(life)
    await life.clock.advance(60_000)
    first.wake()
    await life.clock.advance(60_000)
    expect(await told(b, code)).toEqual(['opened', 'resolved'])
    expect(prepared(life)).toBe(again)
  },
)

test.each(['machine', 'platform'] as const)(
  'one that was stopped when it had found a %s well does not end what was found since',
  async (kind) => {
    await using life = openLife(template)
    const { first, b } = await begun(life)
    const { code, file } = kinds[kind]
    harm(life, kind)
    await b.run(async () => (await told(b, code)).length === 1)
    await life.clock.advance(10_000)
    first.stopsAt(file, 'well', 2)
    await heal(life, kind)
    await b.run(async () => first.isStopped() && (await told(b, code)).length === 2)
    harm(life, kind)
    await b.run(async () => (await told(b, code)).length === 3)
    await life.clock.advance(60_000)
    first.wake()
    await life.clock.advance(60_000)
    expect(await told(b, code)).toEqual(['opened', 'resolved', 'opened'])
  },
)

test('one whose line was cut, and that was stopped with its verdict, wakes and makes nobody anew', async () => {
  await using life = openLife(template)
  const { first, b } = await begun(life)
  first.stopsAt('/etc/ill', 'ill', 3)
  first.cut(3)
  await b.run(async () => first.isStopped())
  await life.clock.advance(60_000)
  first.wake()
  await life.clock.advance(60_000)
  expect(await told(b, 'machine_hung')).toEqual([])
  expect(await replaced(b)).toBe(0)
})

test('what was counted before it was stopped counts no more: then one failure is one', async () => {
  await using life = openLife(template)
  const { first, b } = await begun(life)
  first.stopsAt('/etc/ill', 'ill', 2)
  first.cut(3)
  await b.run(async () => first.isStopped())
  await life.clock.advance(600_000)
  first.wake()
  await life.clock.advance(60_000)
  expect(await told(b, 'machine_hung')).toEqual([])
  expect(await replaced(b)).toBe(0)
})
