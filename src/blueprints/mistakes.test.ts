import { describe, expect, test } from 'vitest'
import { ProblemError } from '../kernel/problem.ts'
import { inspectBlueprint, parseBlueprint } from './blueprint.ts'

// One good blueprint, and what its author is told for each way to spoil it.

const good = `name: demo
version: 1.0.0
parameters:
  size: { type: integer, minimum: 0, maximum: 5, default: 3 }
  tls: { type: boolean, default: false }
groups:
  node: { count: { param: size }, flavor: small, image: debian-12, quorum: true }
  edge: { count: 1, flavor: small, image: debian-12 }
steps:
  setup: { on: each, run: scripts/a.sh, outputs: { port: plain } }
  certs: { on: any-healthy(edge), once: true, when: { eq: { tls: true } }, run: scripts/a.sh, outputs: { ca: secret } }
  token: { on: any-healthy(edge), fresh: true, run: scripts/a.sh, outputs: { key: secret } }
  join: { on: each, needs: [setup], run: scripts/a.sh, with: { ports: node.address }, using: { key: token.key } }
leave:
  node: { on: any-healthy(edge), run: scripts/a.sh, deadline: 1m }
outputs:
  addresses: { from: node.address }
`
const scripts = { 'scripts/a.sh': 'true\n' }

function told(text: string, files: Record<string, string> = scripts): string[] {
  const inspected = inspectBlueprint({ 'blueprint.yaml': text, ...files })
  if (inspected.kind === 'ok') return []
  return inspected.mistakes.map(({ file, line, column, message, hint }) =>
    [`${file}:${line}:${column}`, message, hint].join(' '),
  )
}

test('a good blueprint is told nothing', () => {
  expect(told(good)).toEqual([])
})

const spoiled: readonly (readonly [what: string, from: string, to: string, told: string])[] = [
  // YAML and shape
  ['YAML that is none', 'name: demo', 'name: demo: x', '1:7 Nested mappings'],
  ['a key twice', 'version: 1.0.0', 'version: 1.0.0\nname: again', '3:1 Map keys must be unique'],
  ['a key nobody knows', 'parameters:', 'paramters:', '3:1 paramters is not known here. Did you mean parameters?'],
  [
    'a version that is a number',
    'version: 1.0.0',
    'version: 1.0',
    '2:10 version must be a text; quote it if it looks like a number.',
  ],
  ['a missing field', 'flavor: small, image: debian-12, quorum', 'image: debian-12, quorum', '7:9 flavor is missing.'],
  [
    'a type that is none',
    'type: boolean',
    'type: bool',
    '5:16 type must be integer or string or boolean or flavor or image. Did you mean boolean?',
  ],
  ['a list that is none', 'needs: [setup]', 'needs: setup', '13:28 needs must be a list: [ ... ].'],
  [
    'a selection that is none',
    'on: each, needs',
    'on: eech, needs',
    '13:15 on does not have the form it must have. Write each, each(<group>, ...), founder(<group>) or any-healthy(<group>).',
  ],
  [
    'a duration that is none',
    'deadline: 1m',
    'deadline: 1 minute',
    '15:63 deadline does not have the form it must have. Write a whole number and a unit',
  ],
  [
    'a group called like a member',
    '  edge: {',
    '  edge-1: {',
    '8:3 edge-1 cannot be a name here. Write lower case letters',
  ],
  [
    'with where nothing is compared',
    'scripts/a.sh, deadline',
    'scripts/a.sh, with: { a: 1 }, deadline',
    '15:53 with is not known here. What runs here is not compared with its last run. Write using.',
  ],
  [
    'a value that is none',
    'ports: node.address',
    'ports: { parm: size }',
    '13:73 parm is not known here. Did you mean param?',
  ],
  [
    'a text that is no reference',
    'ports: node.address',
    'ports: hello',
    '13:71 ports does not have the form it must have. A text is a reference',
  ],
  // parameters
  [
    'a parameter that is not there',
    'count: { param: size }',
    'count: { param: sise }',
    '7:18 There is no parameter sise. Did you mean size?',
  ],
  [
    'a parameter nothing uses',
    'default: false }',
    'default: false }\n  extra: { type: string }',
    '6:3 Nothing uses the parameter extra.',
  ],
  ['a default that is not allowed', 'default: 3', 'default: 9', '4:59 The default is not allowed: 9 is more than 5.'],
  ['a count without bound', 'maximum: 5, ', '', '7:18 size has no bound, or one above 10000.'],
  [
    'a count of the wrong type',
    'count: { param: size }',
    'count: { param: tls }',
    '7:18 A count needs a parameter of type integer, not boolean.',
  ],
  [
    'a flavor of the wrong type',
    'flavor: small, image: debian-12, quorum',
    'flavor: { param: tls }, image: debian-12, quorum',
    '7:43 A flavor needs a parameter of type flavor, not boolean.',
  ],
  [
    'a condition that never holds',
    'tls: true } }',
    'tls: maybe } }',
    '11:66 tls is never "maybe": "maybe" is neither true nor false.',
  ],
  [
    'gt over no integer',
    '{ eq: { tls: true } }',
    '{ gt: { tls: 1 } }',
    '11:66 gt compares integers, and tls is of type boolean.',
  ],
  // steps
  ['a need that is not there', 'needs: [setup]', 'needs: [setpu]', '13:29 There is no step setpu. Did you mean setup?'],
  [
    'a need that is fresh',
    'needs: [setup]',
    'needs: [setup, token]',
    '13:36 token is fresh: it is never done, so nothing can wait for it.',
  ],
  [
    'needs in a circle',
    'on: each, run: scripts/a.sh, outputs',
    'on: each, needs: [join], run: scripts/a.sh, outputs',
    '10:29 setup needs join needs setup: none could ever begin.',
  ],
  [
    'a circle through an output',
    'fresh: true, run',
    'fresh: true, needs: [{ step: join, of: all(edge) }], run',
    'none could ever begin.',
  ],
  [
    'a need of a member chosen late',
    'once: true, when',
    'once: true, needs: [setup], when',
    '11:55 certs runs on a member that is chosen late; setup is of one member. Say of whom: { step: setup, of: all(<group>) }.',
  ],
  [
    'a quorum of members that do not vote',
    'needs: [setup]',
    'needs: [{ step: setup, of: quorum(edge) }]',
    '13:48 Members of edge do not vote.',
  ],
  ['a once step on each', 'on: any-healthy(edge), once', 'on: each, once', '11:22 A once step runs on one member.'],
  [
    'neither once nor fresh on any-healthy',
    'once: true, when',
    'when',
    '11:16 A step on any-healthy is once or fresh.',
  ],
  [
    'founding that is not once',
    'on: any-healthy(edge), once: true',
    'on: founder(edge)',
    '11:16 Founding happens once.',
  ],
  [
    'leaving out a founder nobody is',
    'needs: [setup]',
    'except: founder, needs: [setup]',
    '13:21 Nothing founds this platform.',
  ],
  [
    'a group that is not there',
    'any-healthy(edge), fresh',
    'any-healthy(egde), fresh',
    '12:16 There is no group egde. Did you mean edge?',
  ],
  [
    'leave of a group that is not there',
    '  node: { on: any',
    '  nod: { on: any',
    '15:3 There is no group nod. Did you mean node?',
  ],
  [
    'leave on a group that is not there',
    'node: { on: any-healthy(edge)',
    'node: { on: any-healthy(egde)',
    '15:15 There is no group egde. Did you mean edge?',
  ],
  ['a step called like a group', '  setup: {', '  edge: {', '10:3 edge is a group as well.'],
  // inputs
  [
    'a fresh output in with',
    'ports: node.address',
    'ports: token.key',
    '13:71 token is fresh: its outputs live for one run, so with',
  ],
  [
    'a fresh output as output of the platform',
    'from: node.address',
    'from: token.key',
    '17:22 token is fresh: its outputs live for one run, so they cannot be outputs.',
  ],
  [
    'an output of each member as output of the platform',
    'from: node.address',
    'from: setup.port',
    '17:22 Each member has a setup of its own',
  ],
  [
    'an output that is not there',
    'ports: node.address',
    'ports: setup.prot',
    '13:71 Step setup has no output prot. Did you mean port?',
  ],
  [
    'a fact that is not there',
    'ports: node.address',
    'ports: node.adress',
    '13:71 node.adress: a member has no adress. Did you mean address?',
  ],
  [
    'a member where none is meant',
    'from: node.address',
    'from: member.zone',
    '17:22 member.zone: no one member is meant here.',
  ],
  [
    'a choice without a case',
    'ports: node.address',
    'ports: { choose: { by: group, cases: { node: 1 } } }',
    '13:81 There is no case for edge.',
  ],
  [
    'a choice with a case of nobody',
    'ports: node.address',
    'ports: { choose: { by: group, cases: { node: 1, edge: 2, nodes: 3 } } }',
    '13:121 The step does not run on nodes. Did you mean node?',
  ],
  [
    'an input that is a shell word',
    'ports: node.address',
    'path: node.address',
    '13:64 path cannot be an input: PATH has a meaning of its own in a shell.',
  ],
  [
    'an input that is ours',
    'ports: node.address',
    'gantry-zone: node.address',
    "13:64 gantry-zone cannot be an input: GANTRY_ZONE is Gantry's own.",
  ],
  [
    'two inputs with one name',
    '{ ports: node.address }',
    '{ aB: node.address, a-b: node.name }',
    '13:82 aB and a-b are both A_B in the script.',
  ],
  // scripts
  [
    'a script that is not there',
    'run: scripts/a.sh, with',
    'run: scripts/b.sh, with',
    '13:42 There is no file scripts/b.sh. Did you mean scripts/a.sh?',
  ],
  // combinations
  [
    'an output that is there only sometimes',
    'ports: node.address',
    'ca: certs.ca',
    '13:68 With tls: false, size: 0: step join names certs.ca, but certs is not in the plan.',
  ],
  [
    'a group that may be empty',
    'on: any-healthy(edge), fresh',
    'on: any-healthy(node), fresh',
    '12:16 With tls: false, size: 0: node has no members to run token on.',
  ],
  [
    'any of a group that may be empty',
    'needs: [setup]',
    'needs: [{ step: setup, of: any(node) }]',
    '13:29 With tls: false, size: 0: node has no members, so any(node) is never met.',
  ],
]

describe('the author is told where and what', () => {
  test.each(spoiled)('%s', (_what, from, to, message) => {
    const text = good.replace(from, to)
    expect(text).not.toBe(good)
    expect(told(text)).toEqual(expect.arrayContaining([expect.stringContaining(message)]))
  })
})

test('an output chosen by the parameter its step depends on is fine, in every combination', () => {
  const table = '{ choose: { by: { param: tls }, cases: { "true": certs.ca, "false": { value: "" } } } }'
  expect(told(good.replace('ports: node.address', `ca: ${table}`))).toEqual([])
})

test('a step on a group that may be empty is fine when it is there only if the group is not', () => {
  const text = good.replace(
    'on: any-healthy(edge), once: true, when: { eq: { tls: true } }',
    'on: any-healthy(node), once: true, when: { and: [{ gt: { size: 0 } }, { eq: { tls: true } }] }',
  )
  expect(told(text)).toEqual([])
})

test('scripts that nothing runs, that are empty, or that end their lines in CR LF are refused by name', () => {
  expect(told(good, { ...scripts, 'scripts/b.sh': 'true\n' })).toEqual([
    'scripts/b.sh:1:1 Nothing runs this script. Name it in run, or remove it.',
  ])
  expect(told(good, { 'scripts/a.sh': ' \n' })).toEqual([
    'scripts/a.sh:1:1 The script is empty. Begin it with set -euo pipefail.',
  ])
  expect(told(good, { 'scripts/a.sh': 'true\nfalse\r\n' })).toEqual([
    expect.stringContaining('scripts/a.sh:2:1 The line ends in CR LF'),
  ])
})

test.each([
  ['a tab', 'groups:\n  node:', 'groups:\n\tnode:', /Indent with spaces/],
  ['a key given twice', 'version: 1.0.0', 'version: 1.0.0\nname: demo', /Each key stands once/],
  ['a bracket left open', '[setup]', '[setup', /not closed|Quote a text|Two things|same column/],
  ['a second document', 'leave:', '---\nleave:', /more than one document.*one document: take away/],
  [
    'a step by the name of what every machine has',
    'setup: {',
    'machine: {',
    /cannot be called machine.*Choose another/,
  ],
  ['a name that objects keep for themselves', 'setup: {', '__proto__: {', /__proto__ cannot be a name/],
  [
    'more members than there can be',
    'count: 1,',
    'count: 100000000,',
    /count is too large: at most 10000\. It is 100000000/,
  ],
])('%s is told in plain words, with a hint', (_what, from, to, expected) => {
  const lines = told(good.replace(from, to))
  expect(lines.join('\n')).toMatch(expected)
  expect(lines.join('\n')).not.toMatch(/YAML\.parseAllDocuments|expected number/)
})

test('parseBlueprint throws invalid_blueprint with every mistake and its place', () => {
  const text = good.replace('needs: [setup]', 'needs: [setpu]').replace('node.address', 'node.adress')
  const error = thrown(() => parseBlueprint({ 'blueprint.yaml': text, ...scripts }))
  expect(error).toMatchObject({
    code: 'invalid_blueprint',
    detail: expect.stringContaining('2 mistakes'),
    errors: [
      { pointer: 'blueprint.yaml:13:29', detail: 'There is no step setpu. Did you mean setup?' },
      { pointer: 'blueprint.yaml:13:71', detail: 'node.adress: a member has no adress. Did you mean address?' },
    ],
  })
  expect(error.next).toContain('gantry blueprint validate')
})

test('a folder without blueprint.yaml is told so', () => {
  expect(inspectBlueprint({})).toMatchObject({
    kind: 'invalid',
    mistakes: [{ file: 'blueprint.yaml', message: 'blueprint.yaml is missing.' }],
  })
})

test('the digest is of what is written: layout and comments do not change it, a script does', () => {
  const digest = (text: string, script = 'true\n') =>
    parseBlueprint({ 'blueprint.yaml': text, 'scripts/a.sh': script }).digest
  expect(digest(`# a comment\n${good}`)).toBe(digest(good))
  expect(digest(good, 'false\n')).not.toBe(digest(good))
  expect(digest(good.replace('version: 1.0.0', 'version: 1.0.1'))).not.toBe(digest(good))
})

function thrown(run: () => unknown): ProblemError {
  try {
    run()
  } catch (error) {
    if (error instanceof ProblemError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}
