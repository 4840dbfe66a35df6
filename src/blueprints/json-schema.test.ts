import { readFile, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { blueprintJsonSchema } from './json-schema.ts'

const file = new URL('../../blueprints/blueprint.schema.json', import.meta.url)

test('the committed JSON Schema is the one that reads blueprints (UPDATE_GOLDEN=1 rewrites it)', async () => {
  const text = `${JSON.stringify(blueprintJsonSchema(), null, 2)}\n`
  if (process.env.UPDATE_GOLDEN === '1') await writeFile(file, text)
  expect(text).toBe(await readFile(file, 'utf8'))
})
