// A bug report is a file: what happened, exported from one Gantry and run again in another, comes to the same end.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { replayHere } from '../../src/app.ts'
import { type JournalLine, journalText, parseJournal } from '../../src/kernel/journal.ts'
import { type TestGantry, testGantry } from './support/gantry.ts'
import { type Begun, begin } from './support/story.ts'

let on: TestGantry
let begun: Begun
beforeAll(async () => {
  on = await testGantry({ scanEveryMs: 100 })
  begun = await begin(on.api)
  const files = { 'blueprint.yaml': blueprint, ...scripts }
  expect((await on.api('POST', '/v1/blueprints', { files })).status).toBe(201)
})
afterAll(async () => {
  await on[Symbol.asyncDispose]()
})

const blueprint = `
name: cluster
version: 1.0.0
parameters:
  broken: { type: boolean, default: false }
groups:
  node: { count: 2, flavor: small, image: debian-12 }
steps:
  prepare: { on: each, run: scripts/prepare.sh }
  found: { on: founder(node), once: true, needs: [prepare], run: scripts/found.sh, outputs: { id: plain, key: secret } }
  token: { on: any-healthy(node), fresh: true, needs: [found], run: scripts/token.sh, outputs: { token: secret } }
  join:
    on: each
    except: founder
    needs: [prepare, found]
    run: scripts/join.sh
    attempts: 2
    with: { cluster: found.id, broken: { param: broken } }
    using: { token: token.token }
operations:
  check:
    steps:
      look: { on: each, run: scripts/look.sh }
outputs:
  id: { from: found.id }
`
const scripts = {
  'scripts/prepare.sh': 'echo preparing $GANTRY_MEMBER; sleep 0.2',
  'scripts/found.sh': 'echo "id=c-1" >> "$GANTRY_OUTPUT"; echo "key=open-""sesame-now" >> "$GANTRY_OUTPUT"',
  'scripts/token.sh': 'echo "token=sword""fish-of-old" >> "$GANTRY_OUTPUT"',
  'scripts/join.sh':
    'echo "joining $CLUSTER with $TOKEN"; if [ "$BROKEN" = true ]; then echo "no route" >&2; exit 7; fi',
  'scripts/look.sh': 'echo fine',
}

async function build(name: string, parameters: object, until: string): Promise<{ task: string; platform: string }> {
  const wish = { name, blueprint: 'cluster@1.0.0', parameters }
  const { body } = await on.api('POST', `/v1/projects/${begun.project}/platforms`, wish)
  await expect
    .poll(async () => (await on.api('GET', `/v1/tasks/${body.id}`)).body.state, { timeout: 20_000 })
    .toBe(until)
  return { task: body.id, platform: body.target.id }
}

async function exported(task: string): Promise<string> {
  const answer = await on.api.raw(`/v1/tasks/${task}/journal`)
  expect(answer.status).toBe(200)
  return answer.text()
}

/** The journal with some of its lines changed, sealed anew. */
function changed(text: string, change: (line: JournalLine) => JournalLine): string {
  const lines = text.trimEnd().split('\n').slice(0, -1)
  return journalText(lines.map((line) => change(JSON.parse(line))))
}

test('a build that failed fails again at the same step, and no secret is in its journal', async () => {
  const { task } = await build('broken', { broken: true }, 'blocked')
  const text = await exported(task)
  expect(text).not.toContain('swordfish')
  expect(text).not.toContain('open-sesame')
  const seen: string[] = []
  const result = await replayHere(text, '0.1.0', async (happening) => {
    if (happening.kind === 'step') seen.push(`${happening.pair.step} ${happening.pair.replayed}`)
  })
  expect(result.divergence, JSON.stringify(result)).toBeNull()
  expect(result).toMatchObject({ recorded: 'blocked (script_failed)', replayed: 'blocked (script_failed)' })
  expect(result.failingStep).toMatch(/^script\/node-\d@1\/join$/)
  const join = result.failingStep ?? ''
  expect(seen.filter((line) => line.startsWith(join))).toEqual([
    `${join} failed script_failed`,
    `${join} blocked script_failed`,
  ])
})

test('a build with a refusing provider, a restart and a cut connection in it ends as it did', async () => {
  on.world.faults.unreachable = true
  const wish = { name: 'rough', blueprint: 'cluster@1.0.0', parameters: {} }
  const { body } = await on.api('POST', `/v1/projects/${begun.project}/platforms`, wish)
  await new Promise((resolve) => setTimeout(resolve, 300))
  on.world.faults.unreachable = false
  await on.restart()
  await expect.poll(() => on.world.living().length, { timeout: 10_000 }).toBeGreaterThan(2)
  for (const machine of on.world.living()) machine.cutNext = 'afterItRan'
  await expect
    .poll(async () => (await on.api('GET', `/v1/tasks/${body.id}`)).body.state, { timeout: 30_000 })
    .toBe('done')
  const text = await exported(body.id)
  const troubles = parseJournal(text).outcomes.filter(({ outcome }) => outcome !== 'done')
  expect(troubles.map(({ code }) => code)).toContain('provider_unreachable')
  const result = await replayHere(text, '0.1.0')
  expect(result.divergence, JSON.stringify(result)).toBeNull()
  expect(result).toMatchObject({ recorded: 'done', replayed: 'done', failingStep: null })
})

test('a journal of an operation and of a deletion brings the life before it along', async () => {
  const { platform } = await build('whole', {}, 'done')
  const asked = await on.api(
    'POST',
    `/v1/platforms/${platform}/operations`,
    { operation: 'check' },
    { prefer: 'wait=20' },
  )
  expect(asked.body.state).toBe('done')
  const operation = await replayHere(await exported(asked.body.id), '0.1.0')
  expect(operation.divergence, JSON.stringify(operation)).toBeNull()
  expect(operation.pairs.some((pair) => pair.step.startsWith('op/#2/'))).toBe(true)
  const gone = await on.api('DELETE', `/v1/platforms/${platform}`, undefined, { prefer: 'wait=30' })
  expect(gone.body.state).toBe('done')
  const deletion = await replayHere(await exported(gone.body.id), '0.1.0')
  expect(deletion.divergence, JSON.stringify(deletion)).toBeNull()
  expect(deletion.replayed).toBe('done')
})

test('a journal that was cut or changed is refused; one that was changed and sealed anew is found out', async () => {
  const { task } = await build('other', { broken: true }, 'blocked')
  const text = await exported(task)
  await expect(replayHere(text.slice(0, text.length / 2), '0.1.0')).rejects.toThrow(/no JSON|cut short/)
  await expect(replayHere(text.replace('no route', 'no roads'), '0.1.0')).rejects.toThrow(/changed/)
  await expect(replayHere('', '0.1.0')).rejects.toThrow(/no JSON/)
  const friendly = changed(text, (line) =>
    line.line === 'attempt' && line.outcome === 'failed' ? { ...line, outcome: 'done', exitCode: 0 } : line,
  )
  const result = await replayHere(friendly, '0.1.0')
  expect(result.divergence).toMatch(/^script\/node-\d@1\/join: recorded failed script_failed, replayed done$/)
  const other = changed(text, (line) => (line.line === 'request' ? { ...line, code: 'quorum_lost' } : line))
  expect((await replayHere(other, '0.1.0')).divergence).toMatch(/recorded blocked \(quorum_lost\)/)
})

test('a journal of another release is refused, with the release that can replay it', async () => {
  const { task } = await build('older', {}, 'done')
  const text = await exported(task)
  const older = text.replace('gantry-journal/2', 'gantry-journal/1').replace('"version":"0.1.0"', '"version":"0.0.9"')
  await expect(replayHere(older, '0.1.0')).rejects.toMatchObject({
    code: 'invalid_request',
    detail: expect.stringContaining('gantry-journal/1, written by Gantry 0.0.9'),
    next: expect.stringContaining('Replay it with Gantry 0.0.9'),
  })
  await expect(replayHere('{"hello": 1}\n', '0.1.0')).rejects.toThrow(/no journal/)
})

test('another decision than the recorded one is found out, and what a journal does not tell is named', async () => {
  const { task } = await build('decided', {}, 'done')
  const text = await exported(task)
  const other = changed(text, (line) =>
    line.line === 'decision' && line.kind === 'founder' ? { ...line, data: { member: 'node-1@1' } } : line,
  )
  expect((await replayHere(other, '0.1.0')).divergence).toBe(
    'decision/founder/node: recorded it is node-1@1, replayed it is node-0@1',
  )
  const { until: at } = parseJournal(text).head
  const meltdown = {
    at,
    code: 'meltdown',
    subject: 'platform',
    detail: 'much is down',
    members: [],
    endedAt: null,
    ending: null,
  }
  const lines: JournalLine[] = text
    .trimEnd()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
  const result = await replayHere(journalText([...lines, { line: 'trouble', ...meltdown }]), '0.1.0')
  expect(result.untold).toEqual([expect.stringContaining('meltdown of platform: what other platforms')])
  const refused = changed(text, (line) => (line.line === 'request' ? { ...line, blueprint: 'f'.repeat(64) } : line))
  expect((await replayHere(refused, '0.1.0')).divergence).toMatch(
    /^platform.create: recorded accepted, replayed refused/,
  )
})
