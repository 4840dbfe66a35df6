import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { openapiText } from '../../src/app.ts'
import { codesOf } from '../../src/http/openapi.ts'
import { problemStatus } from '../../src/http/status.ts'
import { endpoints } from '../../src/resources/api.ts'

const top = join(import.meta.dirname, '../..')

test('openapi.yaml is what the endpoints say (npm run openapi writes it)', async () => {
  const { version } = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8'))
  expect(readFileSync(join(top, 'openapi.yaml'), 'utf8')).toBe(await openapiText(version))
})

test('operations are named once, summed up, and say every status they can answer', async () => {
  const document = parse(await openapiText('0'))
  const names = endpoints.map((endpoint) => endpoint.operationId)
  expect(new Set(names).size).toBe(names.length)
  for (const endpoint of endpoints) {
    const operation = document.paths[endpoint.path][endpoint.method]
    expect(operation.summary, endpoint.operationId).toMatch(/^[A-Z].*[^.]$/)
    const statuses = new Set([
      ...Object.keys(endpoint.answers),
      ...codesOf(endpoint).map((code) => String(problemStatus[code].status)),
    ])
    expect(Object.keys(operation.responses).sort(), endpoint.operationId).toEqual([...statuses].sort())
    expect(document.tags.map((tag: { name: string }) => tag.name)).toContain(operation.tags[0])
  }
})

test('what may be null says so where it is used, and the component itself is never null', async () => {
  const { components } = parse(await openapiText('0'))
  for (const [name, schema] of Object.entries<{ type?: unknown }>(components.schemas)) {
    expect(Array.isArray(schema.type) && schema.type.includes('null'), name).toBe(false)
  }
  expect(components.schemas.Task.properties.problem).toEqual({
    anyOf: [{ $ref: '#/components/schemas/ProblemFacts' }, { type: 'null' }],
  })
})
