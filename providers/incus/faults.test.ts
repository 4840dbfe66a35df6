import { expect, test } from 'vitest'
import { ProviderFault } from '../../src/provider/fault.ts'
import { afterEffect, faultOfAnswer, faultOfOperation } from './faults.ts'

// Texts as incusd 6.0.4 answered them.
test.each([
  ['Failed creating instance record: Unknown configuration key: limits.nope', 'rejected'],
  ['Image not provided for instance creation', 'rejected'],
  [
    'Failed creating instance record: Failed initializing instance: Failed loading storage pool: Storage pool not found',
    'rejected',
  ],
  [
    'Failed creating instance record: Add instance info to the database: Failed to create "instances" entry: UNIQUE constraint failed: instances.project_id, instances.name',
    'nameTaken',
  ],
  [
    'Failed creating instance record: Add instance info to the database: This "instances" entry already exists',
    'nameTaken',
  ],
  ['Create instance from image: write /var/x: no space left on device', 'capacity'],
  ['Reached maximum aggregate value "4GiB" for "limits.memory" in project "p"', 'capacity'],
  ['Failed creating instance record: Not enough uid/gid available for the container', 'capacity'],
  ['Instance is protected', 'denied'],
  ['something nobody has seen', 'transient'],
] as const)('an operation that ended with "%s" is %s and undone', (text, kind) => {
  expect(faultOfOperation(text)).toMatchObject({ kind, outcome: 'none', message: text })
})

test('a refusal had no effect; a server error on a change may have had one', () => {
  expect(faultOfAnswer(403, 'not authorized', true)).toMatchObject({ kind: 'denied', outcome: 'none' })
  expect(faultOfAnswer(404, 'Instance not found', true)).toMatchObject({ kind: 'gone', outcome: 'none' })
  expect(faultOfAnswer(400, 'bad', true)).toMatchObject({ kind: 'rejected', outcome: 'none' })
  expect(faultOfAnswer(503, '', true, 2000)).toMatchObject({ kind: 'transient', outcome: 'none', retryAfterMs: 2000 })
  expect(faultOfAnswer(500, 'boom', true)).toMatchObject({ kind: 'transient', outcome: 'unknown' })
  expect(faultOfAnswer(500, 'Failed checking if instance creation allowed: Reached maximum', true)).toMatchObject({
    kind: 'capacity',
    outcome: 'none',
  })
  expect(faultOfAnswer(500, 'boom', false)).toMatchObject({ kind: 'transient', outcome: 'none' })
})

test('a refusal that another moment or another place may lift is no refusal for ever', () => {
  expect(faultOfAnswer(403, 'Cluster member is evacuated', true)).toMatchObject({ kind: 'capacity', outcome: 'none' })
  expect(faultOfAnswer(400, 'Instance is running', true)).toMatchObject({ kind: 'transient', outcome: 'none' })
  for (const status of [408, 409, 412, 423, 425])
    expect(faultOfAnswer(status, '', true)).toMatchObject({ kind: 'transient', outcome: 'none' })
})

test('a fault after the instance exists never claims that nothing happened', () => {
  const none = new ProviderFault({ kind: 'capacity', outcome: 'none' }, 'no room to start')
  expect(afterEffect(none)).toMatchObject({ kind: 'capacity', outcome: 'done' })
  expect(afterEffect(new ProviderFault({ kind: 'gone', outcome: 'none' }, 'x'))).toMatchObject({ kind: 'transient' })
  const unknown = new ProviderFault({ kind: 'transient', outcome: 'unknown' }, 'x')
  expect(afterEffect(unknown)).toBe(unknown)
})
