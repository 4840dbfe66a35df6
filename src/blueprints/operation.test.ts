import { describe, expect, test } from 'vitest'
import { inspectBlueprint, parseBlueprint } from './blueprint.ts'
import { planOperation, resolveOperationParameters } from './operation.ts'
import { parseMemberRef } from './plan-types.ts'

// Operations: what one run of them plans, and what their author is told.

const good = `name: demo
version: 1.0.0
parameters:
  size: { type: integer, minimum: 0, maximum: 5, default: 3 }
groups:
  node: { count: { param: size }, flavor: small, image: debian-12 }
  edge: { count: 1, flavor: small, image: debian-12 }
steps:
  setup: { on: each, run: scripts/a.sh, outputs: { port: plain } }
  found: { on: founder(edge), once: true, run: scripts/a.sh, outputs: { id: plain } }
  token: { on: any-healthy(edge), fresh: true, run: scripts/a.sh, outputs: { key: secret } }
  join: { on: each, except: founder, needs: [found], run: scripts/a.sh, using: { key: token.key } }
operations:
  check:
    parameters:
      depth: { type: integer, minimum: 1, maximum: 9, default: 2 }
      deep: { type: boolean, default: false }
    steps:
      look: { on: each(node), run: scripts/b.sh, using: { port: setup.port, key: token.key } }
      dig: { on: any-healthy(edge), when: { eq: { deep: true } }, needs: [{ step: look, of: all(node) }], run: scripts/b.sh }
      tell:
        on: any-healthy(edge)
        needs: [dig]
        run: scripts/b.sh
        with: { depth: { param: depth }, size: { param: size } }
        using: { id: found.id, nodes: node.address }
        outputs: { told: plain, secret: secret }
        attempts: 2
    outputs:
      told: { from: tell.told }
      secret: { from: tell.secret }
`
const scripts = { 'scripts/a.sh': 'true\n', 'scripts/b.sh': 'true\n' }
const { blueprint } = parseBlueprint({ 'blueprint.yaml': good, ...scripts })

function planned(given: Record<string, unknown>, members: readonly string[]) {
  const parameters = { size: 3, ...resolveOperationParameters(blueprint, 'check', given) }
  return planOperation(blueprint, { task: 'tsk_1', operation: 'check', parameters, members, founders: {} })
}

test('it plans a step for each member there was, keyed by the task that asked', () => {
  const { steps, mode, outputs } = planned({}, ['node-0@1', 'node-1@3', 'edge-0@1'])
  expect(mode).toBe('shared')
  expect(steps.map((step) => step.key)).toEqual(['op/tsk_1/node-0@1/look', 'op/tsk_1/node-1@3/look', 'op/tsk_1/tell'])
  expect(new Set(steps.map((step) => [step.mode, step.member].join()))).toEqual(new Set(['once,']))
  expect(steps[1]).toMatchObject({
    on: { kind: 'member', member: 'node-1@3' },
    needs: [],
    input: { using: { PORT: { from: 'output', step: 'script/node-1@3/setup', name: 'port' } } },
  })
  expect(steps[2]).toMatchObject({
    on: { kind: 'anyHealthy', group: 'edge' },
    maxAttempts: 2,
    input: {
      with: { DEPTH: { value: 2 }, SIZE: { value: 3 } },
      using: { NODES: { members: ['node-0@1', 'node-1@3'] } },
    },
  })
  expect(outputs).toMatchObject({ told: { secret: false }, secret: { secret: true } })
})

test('a step that is not in it is stood in for by what it needs, and with it that need is its own', () => {
  const tell = (deep: boolean) => planned({ deep }, ['node-0@1', 'edge-0@1']).steps.at(-1)
  expect(tell(false)?.needs.flatMap((need) => need.steps)).toEqual(['op/tsk_1/node-0@1/look'])
  expect(tell(true)?.needs.flatMap((need) => need.steps)).toEqual(['op/tsk_1/dig'])
})

test('nobody of the group is nothing to do for it', () => {
  expect(planned({}, ['edge-0@1']).steps.map((step) => step.key)).toEqual(['op/tsk_1/tell'])
})

test('an operation or parameter that is not there is refused with what there is', () => {
  const asked = (name: string, given = {}) => resolveOperationParameters(blueprint, name, given)
  expect(() => asked('chek')).toThrowError(
    expect.objectContaining({ code: 'unknown_operation', next: 'Did you mean check?' }),
  )
  expect(() => asked('constructor')).toThrowError(expect.objectContaining({ code: 'unknown_operation' }))
  expect(() => asked('check', { size: 1 })).toThrowError(expect.objectContaining({ code: 'unknown_parameter' }))
  expect(() => asked('check', { depth: 10 })).toThrowError(
    expect.objectContaining({ code: 'invalid_parameter', detail: 'depth: 10 is more than 9.' }),
  )
})

test('a member is taken apart as it was put together', () => {
  expect(parseMemberRef('my-node-12@3')).toEqual({ name: 'my-node-12', group: 'my-node', ordinal: 12, incarnation: 3 })
  expect(() => parseMemberRef('node-1')).toThrowError('not a member')
})

function told(text: string): string[] {
  const inspected = inspectBlueprint({ 'blueprint.yaml': text, ...scripts })
  if (inspected.kind === 'ok') return []
  return inspected.mistakes.map(({ file, line, column, message, hint }) =>
    [`${file}:${line}:${column}`, message, ...(hint === undefined ? [] : [hint])].join(' '),
  )
}

const spoiled: readonly (readonly [what: string, from: string, to: string, told: string])[] = [
  ['a mode that is none', '  check:\n', '  check:\n    mode: alone\n', '15:11 mode must be shared or exclusive.'],
  ['a part nobody knows', '    outputs:\n', '    output:\n', '29:5 output is not known here. Did you mean outputs?'],
  ['founding', 'on: each(node)', 'on: founder(edge)', '19:19 on does not have the form it must have. Write each'],
  ['a step that is once', 'each(node), run', 'each(node), once: true, run', '19:31 once is not known here.'],
  [
    'a lost attempt that would replace a machine',
    'attempts: 2',
    'onLost: replaceMachine',
    '28:17 onLost must be rerun or block.',
  ],
  ['a need that is not there', 'needs: [dig]', 'needs: [dug]', '23:17 There is no step dug. Did you mean dig?'],
  [
    'a need of the platform',
    'needs: [dig]',
    'needs: [found]',
    '23:17 found is a step of the platform, and done already.',
  ],
  [
    'a step called like one of the platform',
    '      dig: {',
    '      join: {',
    '20:7 join is a step of the platform as well.',
  ],
  [
    'a parameter called like one of the platform',
    'depth: {',
    'size: {',
    '16:7 size is a parameter of the platform as well.',
  ],
  ['a parameter nothing uses', 'depth: { param: depth }, ', '', '16:7 Nothing uses the parameter depth.'],
  [
    'a parameter that is not there',
    '{ param: depth }',
    '{ param: dept }',
    '25:24 There is no parameter dept. Did you mean depth?',
  ],
  ['a group that is not there', 'each(node)', 'each(nod)', '19:19 There is no group nod. Did you mean node?'],
  ['an output that is not there', 'from: tell.told', 'from: tell.tld', '30:21 Step tell has no output tld.'],
  ['an output that is there only sometimes', 'from: tell.told', 'from: dig.told', 'Step dig has no output told.'],
  ['a fresh output that should stay', 'from: tell.told', 'from: token.key', '30:21 token is fresh'],
  [
    'a script that is not there',
    'run: scripts/b.sh, using',
    'run: scripts/c.sh, using',
    '19:36 There is no file scripts/c.sh.',
  ],
  [
    'a circle',
    'look: { on: each(node), run',
    'look: { on: each(node), needs: [tell], run',
    'look needs tell needs dig needs look: none could ever begin.',
  ],
  [
    'a group that may be empty',
    'on: any-healthy(edge), when',
    'on: any-healthy(node), when',
    '20:18 With deep: true, size: 0: node has no members to run dig on.',
  ],
]

describe('the author is told where and what', () => {
  test('nothing, of a good one', () => expect(told(good)).toEqual([]))
  test.each(spoiled)('%s', (_what, from, to, message) => {
    const text = good.replace(from, to)
    expect(text).not.toBe(good)
    expect(told(text)).toEqual(expect.arrayContaining([expect.stringContaining(message)]))
  })
})

test('what is wrong with the platform is told once, however many operations there are', () => {
  const second = good.replace(
    'operations:\n',
    'operations:\n  other:\n    steps: { one: { on: each, run: scripts/b.sh } }\n',
  )
  expect(told(second)).toEqual([])
  expect(told(second.replace('needs: [found]', 'needs: [fund]'))).toEqual([
    expect.stringContaining('There is no step fund.'),
  ])
})

test('a parameter of the platform that only an operation names is used', () => {
  const text = good.replace('parameters:\n  size', 'parameters:\n  extra: { type: string, default: x }\n  size')
  expect(told(text)).toEqual([expect.stringContaining('Nothing uses the parameter extra.')])
  expect(told(text.replace('size: { param: size }', 'size: { param: extra }'))).toEqual([])
})
