import { expect, test } from 'vitest'
import { ProblemError } from '../kernel/problem.ts'
import { nearest } from './nearest.ts'
import { parseInput } from './parse.ts'
import { z } from './schema.ts'

const schema = z.strictObject({
  name: z.string(),
  labels: z.record(z.string().regex(/^[a-z]+$/, 'must be a label key'), z.string()).optional(),
  disks: z.array(z.strictObject({ size: z.int() })).default([]),
  size: z.union([z.int(), z.literal('unlimited')]).optional(),
})

function refusal(value: unknown): ProblemError {
  try {
    parseInput(schema, value, 'body')
  } catch (error) {
    if (error instanceof ProblemError) return error
  }
  throw new Error('it was not refused')
}

test('every wrong place is named by a JSON pointer', () => {
  const { errors, code, next } = refusal({ name: 3, disks: [{ size: 1 }, { size: 'x' }] })
  expect(code).toBe('invalid_request')
  expect(next).toContain('nothing was changed')
  expect(errors?.map((error) => error.pointer)).toEqual(['/name', '/disks/1/size'])
})

test('an unknown field is refused at every depth, with the field that was meant', () => {
  expect(refusal({ name: 'a', lables: {} }).errors).toEqual([
    { pointer: '/lables', detail: 'unknown field, did you mean labels?' },
  ])
  expect(refusal({ name: 'a', disks: [{ size: 1, sise: 2 }] }).errors).toEqual([
    { pointer: '/disks/0/sise', detail: 'unknown field, did you mean size?' },
  ])
  expect(refusal({ name: 'a', zzz: 1 }).errors?.[0]?.detail).toBe('unknown field; known are name, labels, disks, size')
})

test('slashes and tildes in a field are escaped as RFC 6901 says', () => {
  expect(refusal({ name: 'a', 'x/y~z': 1 }).errors?.[0]?.pointer).toBe('/x~1y~0z')
})

test('a wrong key of a map says what keys look like', () => {
  expect(refusal({ name: 'a', labels: { 'A B': 'x' } }).errors).toEqual([
    { pointer: '/labels/A B', detail: 'must be a label key' },
  ])
})

test('query parameters are pointed at below /query', () => {
  const query = z.strictObject({ limit: z.coerce.number().pipe(z.int().max(5)) })
  expect(() => parseInput(query, { limit: '9' }, 'query')).toThrow('/query/limit')
})

test('a slip of the fingers finds the word, a wild guess does not', () => {
  const known = ['managers', 'workers', 'flavor']
  expect(nearest('wrokers', known)).toBe('workers')
  expect(nearest('Workers', known)).toBe('workers')
  expect(nearest('manager', known)).toBe('managers')
  expect(nearest('cpu', known)).toBeUndefined()
  expect(nearest('x', known)).toBeUndefined()
})

test('a wrong field is told in plain words, not in those of the parser', () => {
  const details = (value: unknown) => refusal(value).errors?.map(({ pointer, detail }) => `${pointer} ${detail}`)
  expect(details({})).toEqual(['/name is required'])
  expect(details(null)).toEqual([' must be an object, not null'])
  expect(details({ name: [], disks: {} })).toEqual([
    '/name must be text, not a list',
    '/disks must be a list, not an object',
  ])
  expect(details({ name: 'a', size: 'many' })).toEqual(['/size must be a number, not text, or must be unlimited'])
  expect(details({ name: 'a', disks: [{ size: 1.5 }] })).toEqual([
    '/disks/0/size must be a whole number, not a fraction',
  ])
  const query = z.strictObject({
    limit: z.coerce.number().pipe(z.int().min(1).max(5)).optional(),
    sort: z.enum(['name', '-name']).optional(),
    label: z.string().min(1).max(3).optional(),
  })
  const asked = (value: unknown) => () => parseInput(query, value, 'query')
  expect(asked({ limit: '0' })).toThrow('/query/limit: must be 1 or more.')
  expect(asked({ limit: '9' })).toThrow('/query/limit: must be 5 or less.')
  expect(asked({ limit: 'abc' })).toThrow('/query/limit: must be a number')
  expect(asked({ sort: 'size' })).toThrow('/query/sort: must be one of name, -name.')
  expect(asked({ label: '' })).toThrow('/query/label: must not be empty.')
  expect(asked({ label: 'abcd' })).toThrow('/query/label: must have at most 3 characters.')
})
