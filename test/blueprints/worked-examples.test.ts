import { expect, test } from 'vitest'
import { executorsOf, type Plan, type PlanInput, type PlanStep, plan, stepsToRun } from '../../src/blueprints/index.ts'
import { blueprintAt, building, built, memberOf, removing, replacing } from './support/platform.ts'

// The worked examples of the design, as plans of the quorum blueprint.

const quorum = await blueprintAt('test/blueprints/quorum')
const before = built(quorum)

function stepOf(found: Plan, key: string): PlanStep {
  const step = found.steps.find((candidate) => candidate.key === key)
  if (step === undefined) throw new Error(`no step ${key}`)
  return step
}

function needed(found: Plan, key: string): string[] {
  return stepOf(found, key).needs.flatMap((need) => need.steps)
}

/** Keys of the steps that run, marked + or -, without the gate. */
function due(after: PlanInput, from: PlanInput = before): string[] {
  return stepsToRun(plan(quorum, from), plan(quorum, after))
    .filter((step) => step.kind !== 'gate')
    .map((step) => `${step.want === 'present' ? '+' : '-'} ${step.key}`)
}

test('a dead worker leaves on a voter while its successor is built; founding and other workers are untouched', () => {
  const after = replacing(before, 'worker-1')
  expect(due(after)).toEqual([
    '+ leave/worker-1@1',
    '- machine/worker-1@1',
    '+ machine/worker-1@2',
    '+ ssh/worker-1@2',
    '+ script/worker-1@2/prepare',
    '+ script/worker-1@2/join',
    '+ script/worker-1@2/watch',
    '+ fresh/token',
  ])
})

test('a worker that cannot be proven gone does not hold back its successor', () => {
  const after = plan(quorum, replacing(before, 'worker-1'))
  expect(needed(after, 'machine/worker-1@1')).toEqual(['leave/worker-1@1'])
  expect(needed(after, 'machine/worker-1@2')).toEqual([])
})

test('a lost founder leaves on another voter, is gone, and its successor joins as anybody else', () => {
  const input = replacing(before, 'voter-0')
  const after = plan(quorum, input)
  expect(due(input)).toEqual([
    '+ leave/voter-0@1',
    '- machine/voter-0@1',
    '+ machine/voter-0@2',
    '+ ssh/voter-0@2',
    '+ script/voter-0@2/prepare',
    '+ script/voter-0@2/join',
    '+ script/worker-0@1/watch',
    '+ script/worker-1@1/watch',
    '+ fresh/token',
  ])
  expect(needed(after, 'machine/voter-0@2')).toEqual(['machine/voter-0@1'])
  expect(stepOf(after, 'leave/voter-0@1')).toMatchObject({
    subject: 'voter-0@1',
    on: { kind: 'anyHealthy', group: 'voter', except: ['voter-0@1', 'voter-0@2'] },
    onTimeout: 'block',
  })
})

test('founding stays in the plan, clean, on the founder that is gone, and its outputs with it', () => {
  const gone = {
    ...before,
    members: before.members.map((member) => (member.name === 'voter-0' ? memberOf('voter', 0, 'in', 2) : member)),
  }
  const after = plan(quorum, gone)
  expect(stepOf(after, 'script/found')).toMatchObject({
    mode: 'once',
    needs: [],
    on: { kind: 'member', member: 'voter-0@1' },
  })
  expect(needed(after, 'script/voter-0@2/join')).toContain('script/found')
  expect(after.outputs['cluster-id']).toEqual({
    value: { from: 'output', step: 'script/found', name: 'clusterId' },
    secret: false,
  })
  expect(after.outputs['admin-key']?.secret).toBe(true)
})

test('whoever has the addresses of the voters in with runs again; who has them in using does not', () => {
  const keys = due(replacing(before, 'voter-1'))
  expect(keys).toContain('+ script/worker-0@1/watch')
  expect(keys).not.toContain('+ script/worker-0@1/join')
  expect(keys).not.toContain('+ script/worker-0@1/prepare')
})

test('scaling 5 voters to 3 removes the two that were decided, one after the other; a worker that flaps is untouched', () => {
  const five = built(quorum, { voters: 5 })
  const after = removing({ ...five, parameters: { ...five.parameters, voters: 3 } }, ['voter-3', 'voter-4'])
  expect(due(after, five)).toEqual([
    '+ leave/voter-3@1',
    '- machine/voter-3@1',
    '+ leave/voter-4@1',
    '- machine/voter-4@1',
    '+ script/worker-0@1/watch',
    '+ script/worker-1@1/watch',
  ])
  expect(needed(plan(quorum, after), 'leave/voter-4@1')).toEqual(['machine/voter-3@1'])
})

test('before founding is done nobody leaves: a lost member is only removed', () => {
  const after = plan(quorum, replacing(building(quorum), 'worker-0'))
  expect(after.steps.map((step) => step.key)).not.toContain('leave/worker-0@1')
  expect(needed(after, 'machine/worker-0@1')).toEqual([])
})

test('a founder lost before founding is done is removed first; who is decided to found then, founds', () => {
  const lost = replacing(building(quorum, { voters: 1, workers: 0 }), 'voter-0')
  const waiting = plan(quorum, lost)
  expect(needed(waiting, 'machine/voter-0@2')).toEqual(['machine/voter-0@1'])
  expect(needed(waiting, 'script/found')).toEqual(['machine/voter-0@1'])
  const decided = plan(quorum, { ...lost, founders: { voter: 'voter-0@2' } })
  expect(stepOf(decided, 'script/found')).toMatchObject({ on: { kind: 'member', member: 'voter-0@2' } })
  expect(needed(decided, 'script/found')).toEqual(['script/voter-0@2/prepare'])
  expect(decided.steps.map((step) => step.key)).not.toContain('script/voter-0@2/join')
})

test('founding anew by one who was a member: whoever is lost leaves once it is done, as its cluster still knows them', () => {
  const lost = replacing(before, 'voter-0')
  const anew = { ...lost, founders: { voter: 'voter-2@1' }, foundings: { voter: 2 } } as PlanInput
  const after = plan(quorum, anew)
  expect(needed(after, 'leave/voter-0@1')).toEqual(['script/found#2'])
  expect(needed(after, 'machine/voter-0@1')).toEqual(['leave/voter-0@1'])
  expect(needed(after, 'script/found#2').filter((key) => key.includes('voter-0'))).toEqual([])
})

test('founding anew by one who only joins: nobody has to leave a cluster that never knew him', () => {
  const lost = replacing(before, 'voter-0')
  const anew = { ...lost, founders: { voter: 'voter-0@2' }, foundings: { voter: 2 } } as PlanInput
  const after = plan(quorum, anew)
  expect(after.steps.map(({ key }) => key)).not.toContain('leave/voter-0@1')
  expect(needed(after, 'machine/voter-0@2')).toContain('machine/voter-0@1')
})

test('the last voter has nobody to leave on, so no leave is planned', () => {
  const single = built(quorum, { voters: 1, workers: 0 })
  const after = plan(quorum, replacing(single, 'voter-0'))
  expect(after.steps.map((step) => step.key)).not.toContain('leave/voter-0@1')
  expect(needed(after, 'machine/voter-0@1')).toEqual([])
})

test('deleting the platform removes machines and asks nobody to leave', () => {
  const after = plan(quorum, { ...replacing(before, 'worker-0'), want: 'absent' })
  expect(new Set(after.steps.map((step) => step.kind))).toEqual(new Set(['machine']))
  expect(after.steps.every((step) => step.want === 'absent' && step.needs.length === 0)).toBe(true)
  expect(after.steps).toHaveLength(6)
})

test('there and back again: what half became B is due for A, and one who never left A is not', () => {
  const toB = plan(quorum, { ...before, parameters: { ...before.parameters, revision: 2 } })
  const a = plan(quorum, before)
  const prepare = a.steps.map((step) => step.key).filter((key) => key.endsWith('/prepare'))
  expect(stepsToRun(a, toB).map((step) => step.key)).toEqual(prepare)
  expect(stepsToRun(toB, a).map((step) => step.key)).toEqual(prepare)
  expect(stepsToRun(a, plan(quorum, before))).toEqual([])
})

test('a gate guards exactly the members that stay, and every set of members has its own', () => {
  const gates = [before, replacing(before, 'worker-0'), replacing(before, 'voter-1')].map((input) => {
    const gate = plan(quorum, input).steps.find((step) => step.kind === 'gate')
    if (gate?.kind !== 'gate') throw new Error('no gate')
    expect(gate.guards).toEqual(
      input.members.filter((member) => member.state !== 'leaving').map((member) => member.ref),
    )
    return gate.key
  })
  expect(new Set(gates).size).toBe(3)
})

test('who may mint a token: the founder once it founded, another voter once it joined, nobody who leaves', () => {
  const after = plan(quorum, replacing(before, 'voter-1'))
  const token = stepOf(after, 'fresh/token')
  if (token.kind !== 'script') throw new Error('a fresh step is a script')
  const candidates = executorsOf(after, token.on)
  expect(candidates.map((candidate) => candidate.member)).toEqual(['voter-0@1', 'voter-1@2', 'voter-2@1'])
  expect(candidates[0]?.steps).toEqual([
    'machine/voter-0@1',
    'ssh/voter-0@1',
    'script/voter-0@1/prepare',
    'script/found',
  ])
  expect(candidates[2]?.steps).toContain('script/voter-2@1/join')
})
