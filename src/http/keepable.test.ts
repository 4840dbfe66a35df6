import { expect, test } from 'vitest'
import { refuseUnkeepable } from './keepable.ts'

test('what every database keeps as it is passes, whatever it looks like', () => {
  const value = { a: [1, -0.5, null, true, 'ünï 🚀'], constructor: 'x', 'a/b': { c: [] } }
  expect(() => refuseUnkeepable(value)).not.toThrow()
})

test.each([
  ['a NUL', '{"a":["x\\u0000"]}', '/a/0: holds a NUL character.'],
  ['a NUL in a name', '{"a":{"b\\u0000":1}}', '/a: holds a NUL character.'],
  ['half of a surrogate pair', '{"a/b":"\\ud800"}', '/a~1b: holds half of a surrogate pair'],
  ['a number beyond all numbers', '{"a":1e400}', '/a: is larger than a number can be.'],
  ['the prototype', '{"a":{"__proto__":{"admin":true}}}', '/a/__proto__: is no name a field can have.'],
])('%s is refused with its place', (_, text, says) => {
  expect(() => refuseUnkeepable(JSON.parse(text))).toThrow(says)
})

test('nesting without end is refused, and without a stack to overflow', () => {
  expect(() => refuseUnkeepable(JSON.parse('['.repeat(50_000) + ']'.repeat(50_000)))).toThrow('more than 64 levels')
})
