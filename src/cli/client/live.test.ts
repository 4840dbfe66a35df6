import { describe, expect, test } from 'vitest'
import { building, done, start, step, task } from '../../../test/cli/sample-task.ts'
import { doing, plainLine } from './live.ts'
import { changes, stepsNow } from './progress.ts'
import { noPaint } from './text.ts'

describe('progress without a terminal', () => {
  test('is one line for each change, with time and step', () => {
    const lines = changes([], building.steps).map((one) => plainLine(building, one, start + 23_000, noPaint))
    expect(lines).toContain('0:01   machine         manager-0     done (1.0 s)')
    expect(lines).toContain('0:23   docker          worker-1 (2nd)  started (attempt 2)')
    expect(lines).toContain('0:03   found                         done (0.4 s)')
    expect(lines).toContain('0:23   join            worker-0      blocked  join.sh ended with exit code 100')
    expect(lines.join('\n')).not.toContain('settled')
  })

  test('says nothing again that was said, and a new attempt is news', () => {
    expect(changes(building.steps, building.steps)).toEqual([])
    const again = building.steps.map((one) => (one.state === 'running' ? { ...one, attempt: 3 } : one))
    expect(changes(building.steps, again).map((one) => one.name)).toEqual(['docker'])
    const countdown = building.steps.map((one) =>
      one.state === 'running' ? { ...one, reason: 'next look in 2 s' } : one,
    )
    expect(changes(building.steps, countdown)).toEqual([])
  })

  test('what was being taken away when its platform was gone is told as done', () => {
    const going = { ...step('machine', 'worker-1@1', 'waiting'), want: 'absent' as const }
    const before = [done('machine', 'worker-0@1', 2, 3), going]
    const gone = stepsNow(before, { ...task([]), state: 'done' })
    const lines = changes(before, gone).map((one) => plainLine(task([]), one, start + 4_000, noPaint))
    expect(lines).toEqual(['0:04   machine gone    worker-1      done'])
    expect(stepsNow([going], { ...task([]), state: 'running' }).map((one) => one.state)).toEqual(['done'])
    expect(stepsNow([done('ssh', 'worker-0@1', 2, 3)], { ...task([]), state: 'running' })).toEqual([])
  })

  test('of a platform that is changed only what the change does is told', () => {
    const changed = { ...task([done('machine', 'worker-0@1', -9, -8), done('machine', 'worker-1@1', 2, 3)]) }
    expect(stepsNow([], changed).map((one) => one.member)).toEqual(['worker-1@1'])
  })

  test('a removal is named as one', () => {
    const gone = { ...done('machine', 'worker-1@1', 2, 3), want: 'absent' as const }
    expect(plainLine(task([gone]), gone, start, noPaint)).toContain('machine gone')
  })
})

test('what a platform is doing is said in its own word', () => {
  const of = (kind: string, state: 'running' | 'waiting' | 'done' | 'blocked') =>
    doing({ kind, state, operation: null })
  expect(of('platform.create', 'running')).toBe('building')
  expect(of('platform.delete', 'waiting')).toBe('deleting')
  expect(of('platform.create', 'done')).toBe('ready')
  expect(of('platform.delete', 'done')).toBe('deleted')
  expect(of('platform.hibernate', 'done')).toBe('hibernated')
  expect(of('platform.create', 'blocked')).toBe('building, blocked')
  const smoke = { kind: 'platform.operation', operation: 'smoke' }
  expect(doing({ ...smoke, state: 'running' })).toBe('running smoke')
  expect(doing({ ...smoke, state: 'done' })).toBe('smoke done')
  expect(doing({ ...smoke, state: 'failed' })).toBe('running smoke, failed')
  expect(step('x', null, 'pending').attempt).toBe(0)
})
