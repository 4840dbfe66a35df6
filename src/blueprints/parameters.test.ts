import { expect, test } from 'vitest'
import { parseBlueprint } from './blueprint.ts'
import { groupsOf } from './groups.ts'
import { parameterJsonSchema, resolveParameters } from './parameters.ts'

const { blueprint } = parseBlueprint({
  'blueprint.yaml': `name: demo
version: 1.0.0
parameters:
  nodes: { type: integer, enum: [1, 3], default: 3 }
  extra: { type: integer, minimum: 0, maximum: 10, default: 0 }
  flavor: { type: flavor }
  image: { type: image, default: debian-12 }
  spread: { type: string, enum: [must, should], default: must }
  domain: { type: string, pattern: '[a-z.]+', maxLength: 20, default: example.org }
  tls: { type: boolean, default: true }
groups:
  node: { count: { param: nodes }, flavor: { param: flavor }, image: { param: image }, spread: { host: { param: spread }, zone: should }, quorum: true }
  extra: { count: { param: extra }, flavor: tiny, image: { param: image } }
steps:
  found: { on: founder(node), once: true, run: scripts/a.sh, with: { domain: { param: domain }, tls: { param: tls } } }
`,
  'scripts/a.sh': 'true\n',
})

test('what was given is kept and the rest is filled in', () => {
  expect(resolveParameters(blueprint, { flavor: 'small', nodes: 1, tls: false })).toEqual({
    nodes: 1,
    extra: 0,
    flavor: 'small',
    image: 'debian-12',
    spread: 'must',
    domain: 'example.org',
    tls: false,
  })
})

test('an unknown parameter is refused with the name that was meant', () => {
  expect(() => resolveParameters(blueprint, { flavor: 'small', node: 3 })).toThrow(
    expect.objectContaining({
      code: 'unknown_parameter',
      errors: [{ pointer: '/parameters/node', detail: 'demo 1.0.0 has no parameter node. Did you mean nodes?' }],
    }),
  )
})

const wrong: readonly (readonly [string, unknown, string])[] = [
  ['nodes', 2, '2 is none of 1, 3'],
  ['nodes', '3', '"3" is no whole number'],
  ['extra', 11, '11 is more than 10'],
  ['extra', -1, '-1 is less than 0'],
  ['extra', 1.5, '1.5 is no whole number'],
  ['flavor', '', '"" is no name of a flavor'],
  ['flavor', undefined, 'it has no default and must be given'],
  ['spread', 'maybe', '"maybe" is none of must, should'],
  ['domain', 'UPPER', '"UPPER" does not match [a-z.]+'],
  ['domain', 'a'.repeat(21), 'it is longer than 20 characters'],
  ['tls', 'yes', '"yes" is neither true nor false'],
]

test.each(wrong)('%s = %j is refused: %s', (name, value, fault) => {
  expect(() => resolveParameters(blueprint, { flavor: 'small', [name]: value })).toThrow(
    expect.objectContaining({
      code: 'invalid_parameter',
      errors: [{ pointer: `/parameters/${name}`, detail: `${name}: ${fault}.` }],
    }),
  )
})

test('a name that objects have by birth is a parameter only if it is declared', () => {
  expect(() => resolveParameters(blueprint, JSON.parse('{ "flavor": "small", "__proto__": 1 }'))).toThrow(
    /unknown_parameter/,
  )
  expect(() => resolveParameters(blueprint, { flavor: 'small', constructor: 1 })).toThrow(/unknown_parameter/)
})

test('groups are what parameters make of them', () => {
  const parameters = resolveParameters(blueprint, { flavor: 'small', extra: 2, spread: 'should' })
  expect(groupsOf(blueprint, parameters)).toEqual([
    {
      name: 'node',
      count: 3,
      flavor: 'small',
      image: 'debian-12',
      spread: { host: 'should', zone: 'should' },
      quorum: true,
      founds: true,
    },
    { name: 'extra', count: 2, flavor: 'tiny', image: 'debian-12', spread: {}, quorum: false, founds: false },
  ])
})

test('the JSON Schema of the parameters says what must be given', () => {
  expect(parameterJsonSchema(blueprint)).toMatchObject({
    required: ['flavor'],
    additionalProperties: false,
    properties: {
      nodes: { type: 'integer', enum: [1, 3], default: 3 },
      flavor: { type: 'string', 'x-gantry-type': 'flavor' },
      domain: { type: 'string', pattern: '^(?:[a-z.]+)$', maxLength: 20 },
    },
  })
})
