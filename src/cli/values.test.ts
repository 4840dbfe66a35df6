import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { amount, assignments, limits } from './values.ts'

const schema = { properties: { version: { type: 'string' }, workers: { type: 'integer' }, 'a.b': { type: 'string' } } }

test('a value has the type that the schema says, without one that of YAML', () => {
  const set = ['version=1.10', 'workers=3', 'spread=[a, b]', 'on=true', 'text=a=b']
  expect(assignments(set, schema)).toEqual({ version: '1.10', workers: 3, spread: ['a', 'b'], on: true, text: 'a=b' })
})

test('a dotted name sets a field inside, unless it is a name of its own', () => {
  expect(assignments(['network.kind=managed', 'network.network=br0', 'a.b=1'], schema)).toEqual({
    network: { kind: 'managed', network: 'br0' },
    'a.b': '1',
  })
})

test('after @ stands a file, @@ is one @', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-values-'))
  try {
    const file = join(folder, 'key.pem')
    writeFileSync(file, 'line 1\nline 2: yes\n')
    expect(assignments([`key=@${file}`, 'handle=@@me'], {})).toEqual({ key: 'line 1\nline 2: yes\n', handle: '@me' })
    expect(() => assignments(['key=@/no/such/file'], {})).toThrow('--set key=@/no/such/file: the file cannot be read.')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('amounts have units, and unlimited must be said', () => {
  expect(limits(['vm.count=12', 'vm.memory=64GiB', 'disk.capacity=unlimited'])).toEqual({
    'vm.count': 12,
    'vm.memory': 64 * 2 ** 30,
    'disk.capacity': 'unlimited',
  })
  expect(['1.5Gi', '500M', '2k'].map((text) => amount(text, '--limit'))).toEqual([1.5 * 2 ** 30, 5e8, 2000])
  for (const wrong of ['', '-1', '1.2.3', '5 apples', '1e3']) expect(() => amount(wrong, '--limit')).toThrow('64GiB')
  expect(() => limits(['vm.count'])).toThrow('write it as name=value')
})

test('half a machine, a machine of 64 GiB and two amounts of one thing are mistakes that name the key', () => {
  expect(() => limits(['vm.count=1.5'])).toThrow('--limit vm.count=1.5: write a whole number')
  expect(() => limits(['vm.count=99999999999999999999'])).toThrow('below 2^53')
  expect(() => limits(['vm.count=64GiB'])).toThrow('--limit vm.count=64GiB: it is counted, and has no unit.')
  expect(() => limits(['vm.count=lots'])).toThrow('--limit vm.count=lots')
  expect(() => limits(['vm.count=1', 'vm.count=2'])).toThrow('--limit vm.count is given twice.')
  expect(() => assignments(['workers=1', 'workers=2'], schema)).toThrow('--set workers is given twice.')
})
