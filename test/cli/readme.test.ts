// What the README tells people to type is understood: a command or flag that is renamed breaks here, not for a reader.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { putContext } from '../../src/cli/client/contexts.ts'
import { typed } from './command-line.ts'
import { pretendServer } from './pretend-server.ts'

const text = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8').replaceAll(/\\\n\s*/g, '')
const lines = [...text.matchAll(/^ *npx gantry (.+?)(?: {2,}.*)?$/gm)].map(([, line = '']) => line)

test('there are such lines', () => {
  expect(lines.length).toBeGreaterThan(15)
})

test.each(lines.filter((line) => !line.startsWith('serve')))('gantry %s', async (line) => {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-readme-'))
  await using server = await pretendServer(() => undefined)
  try {
    writeFileSync(join(folder, 'client'), 'pem')
    putContext(join(folder, 'config/contexts.json'), 'home', { url: server.url, token: '' })
    const file = join(folder, 'client')
    const typedLine = line.replaceAll(/@client\.\w+/g, `@${file}`)
    const { code, err } = await typed(typedLine, folder, { env: { GANTRY_URL: server.url } })
    // The server knows nothing, so most are refused (1); none is misunderstood (2).
    expect({ code: code === 2 ? 2 : 'understood', err: code === 2 ? err : '' }).toEqual({ code: 'understood', err: '' })
  } finally {
    rmSync(folder, { recursive: true })
  }
})
