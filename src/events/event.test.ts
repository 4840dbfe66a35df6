import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { eventKinds } from './event.ts'

const src = join(import.meta.dirname, '..')

// The list is part of the API: a kind that nothing writes has a reader wait for what never comes.
test('every kind of event that is declared is written somewhere', () => {
  const files = globSync('**/*.ts', { cwd: src }).filter(
    (file) => !file.startsWith('events/event') && !file.startsWith('cli/') && !file.endsWith('.test.ts'),
  )
  const text = files.map((file) => readFileSync(join(src, file), 'utf8')).join('\n')
  const silent = eventKinds.filter((kind) => !text.includes(`'${kind}'`))
  expect(silent).toEqual([])
})
