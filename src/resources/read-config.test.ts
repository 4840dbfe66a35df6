import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readConfig } from './read-config.ts'

const folder = mkdtempSync(join(tmpdir(), 'gantry-config-'))

function file(text: string): string {
  const path = join(folder, 'gantry.yaml')
  writeFileSync(path, text)
  return path
}

test('without a file there are small, medium and large', () => {
  const { flavors, quotaKeys } = readConfig(undefined)
  expect(Object.keys(flavors)).toEqual(['small', 'medium', 'large'])
  expect(flavors.medium).toMatchObject({ cpu: 2, memoryBytes: 2 * 2 ** 30, diskBytes: 20 * 2 ** 30 })
  expect(quotaKeys).toEqual([])
})

test('a file adds flavors and replaces those of the same name; an empty one changes nothing', () => {
  const { flavors } = readConfig(
    file(`flavors:
  large: { cpu: 16, memoryBytes: 68719476736, diskBytes: 107374182400 }
  gpu: { cpu: 8, memoryBytes: 34359738368, diskBytes: 107374182400, cost: { gpu.count: 1 } }
`),
  )
  expect(flavors.large?.cpu).toBe(16)
  expect(flavors.gpu?.cost).toEqual({ 'gpu.count': 1 })
  expect(flavors.small?.cpu).toBe(1)
  expect(Object.keys(readConfig(file('')).flavors)).toHaveLength(3)
})

test('a mistake is told with file, place and what was meant', () => {
  const path = file('flavours: {}\n')
  expect(() => readConfig(path)).toThrow(`${path} cannot be used: /flavours: unknown field, did you mean flavors?`)
  expect(() => readConfig(file('flavors: { a: { cpu: 1.5, memoryBytes: 1, diskBytes: 1 } }'))).toThrow('/flavors/a/cpu')
  expect(() => readConfig(file('a: [b'))).toThrow('cannot be used')
  expect(() => readConfig(join(folder, 'absent.yaml'))).toThrow('ENOENT')
})
