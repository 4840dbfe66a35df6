// Each complaint names tests; each of them is there, under that name.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const rows = readFileSync('test/COMPLAINTS.md', 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (#|pain|complaint) /.test(line))
const named = rows.flatMap((row) =>
  [...row.matchAll(/`([^`]+\.test\.ts)`: (.*?)(?=<br>| \|$)/g)].map(([, path = '', title = '']) => ({ path, title })),
)

test('every complaint names a test', () => {
  expect(rows.filter((row) => !row.includes('.test.ts`: '))).toEqual([])
  expect(rows.length).toBeGreaterThanOrEqual(22)
})

test.each(named)('$path: $title', ({ path, title }) => {
  expect(readFileSync(path, 'utf8')).toContain(`'${title}'`)
})
