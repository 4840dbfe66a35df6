import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { generate } from './generate.ts'
import { liveThrough } from './history.ts'
import { makeTemplate } from './template.ts'
import { invariants } from './violation.ts'

const template = await makeTemplate()

test.each([1, 5, 11])('the history of seed %i is the same each time, and keeps every promise', async (seed) => {
  const [first, second] = [await liveThrough(template, generate(seed)), await liveThrough(template, generate(seed))]
  expect(first.violation?.message).toBeUndefined()
  expect(second.hash).toBe(first.hash)
})

test('another seed is another history', async () => {
  const hashes = new Set<string>()
  for (const seed of [3, 4]) hashes.add((await liveThrough(template, generate(seed))).hash)
  expect(hashes.size).toBe(2)
})

test('the README counts the invariants as they are', () => {
  expect(readFileSync('README.md', 'utf8')).toContain(`judged by ${Object.keys(invariants).length} invariants`)
})
