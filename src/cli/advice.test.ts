import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { adviceFor, inCommands } from './advice.ts'

const src = join(import.meta.dirname, '..')

test('advice of the API is a command at a terminal', () => {
  expect(inCommands('Check the id: GET /v1/tasks shows those there are.')).toBe(
    'Check the id: gantry task list shows those there are.',
  )
  expect(inCommands('GET /v1/provider-kinds shows what incus needs.')).toBe(
    'gantry provider kinds shows what incus needs.',
  )
  expect(inCommands('POST it again; GET /v1/nothing/{here} is unknown.')).toContain('GET /v1/nothing/{here}')
  expect(adviceFor('unauthenticated')).toContain('--token')
})

test('whatever the server advises, there is a command for it', () => {
  const files = globSync('**/*.ts', { cwd: src }).filter(
    (file) => !file.startsWith('cli/') && !file.endsWith('.test.ts'),
  )
  const advised = files.flatMap((file) => [
    ...readFileSync(join(src, file), 'utf8').matchAll(/GET \/v1[\w{}/-]*[\w}]/g),
  ])
  expect(advised.length).toBeGreaterThan(10)
  for (const [call] of advised) expect(inCommands(call)).toMatch(/^gantry /)
})
