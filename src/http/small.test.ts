import { expect, test } from 'vitest'
import { problemCodes } from '../kernel/problem.ts'
import { decodeCursor, encodeCursor } from './cursor.ts'
import { requireMatch } from './etag.ts'
import { idempotencyKey } from './idempotency.ts'
import { lineLog } from './log.ts'
import { waitMs } from './prefer.ts'
import { z } from './schema.ts'
import { problemStatus } from './status.ts'

test('a wait is asked for in seconds, among other preferences, and never longer than a minute', () => {
  expect(waitMs(undefined)).toBe(0)
  expect(waitMs('respond-async')).toBe(0)
  expect(waitMs('wait=30')).toBe(30_000)
  expect(waitMs('respond-async, wait="5"')).toBe(5_000)
  expect(waitMs('await=9')).toBe(0)
  expect(waitMs('wait=86400')).toBe(60_000)
})

test('a cursor comes back as it was, and only to the list it was made for', () => {
  const cursor = encodeCursor(['a', 'b'])
  expect(decodeCursor(cursor, z.tuple([z.string(), z.string()]))).toEqual(['a', 'b'])
  expect(() => decodeCursor(cursor, z.tuple([z.string()]))).toThrow('not a cursor of this list')
  expect(() => decodeCursor('%%%', z.tuple([z.string()]))).toThrow('not a cursor of this list')
  expect(decodeCursor(undefined, z.tuple([z.string()]))).toBeUndefined()
})

test('If-Match takes one tag, several, or any; a weak tag never matches', () => {
  for (const good of [undefined, '"3"', '"1", "3"', '*']) expect(() => requireMatch(good, 3)).not.toThrow()
  for (const bad of ['"2"', 'W/"3"', '3']) expect(() => requireMatch(bad, 3)).toThrow('precondition_failed')
})

test('an idempotency key is visible ASCII of bearable length', () => {
  expect(idempotencyKey(undefined)).toBeUndefined()
  expect(idempotencyKey('7f1d')).toBe('7f1d')
  for (const bad of ['', 'a b', 'ü', 'x'.repeat(256)]) expect(() => idempotencyKey(bad)).toThrow('Idempotency-Key')
})

test('every problem code has a status of an error and a title', () => {
  for (const code of problemCodes) {
    expect(problemStatus[code].status).toBeGreaterThanOrEqual(400)
    expect(problemStatus[code].title).toMatch(/^[A-Z]/)
  }
})

test('a log record is one line, JSON for machines and text for people, with the whole chain of causes', () => {
  const lines: string[] = []
  const error = new Error('request failed', { cause: new Error('disk\nfull') })
  const at = () => Date.UTC(2026, 0, 1)
  lineLog({ write: (line) => lines.push(line) }, at)(
    'error',
    'it broke',
    { requestId: 'req_1', none: undefined },
    error,
  )
  lineLog({ write: (line) => lines.push(line), isTTY: true }, at)('warn', 'it broke', { requestId: 'req_1' }, error)
  for (const line of lines) expect(line.trimEnd()).not.toContain('\n')
  const record = JSON.parse(lines[0] ?? '')
  expect(record).toMatchObject({
    at: '2026-01-01T00:00:00.000Z',
    level: 'error',
    message: 'it broke',
    requestId: 'req_1',
  })
  expect(record.error).toContain('request failed')
  expect(record.error).toContain('full')
  expect(lines[1]).toMatch(/^00:00:00\.000 WARN it broke requestId=req_1 .*caused by/)
})
