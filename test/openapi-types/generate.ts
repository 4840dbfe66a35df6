// The command line speaks to the API in the API's own types: src/cli/api-types.ts is made of openapi.yaml, committed,
// and checked for drift, so that an endpoint cannot change under the client without the compiler saying where.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import openapiTypes, { astToString } from 'openapi-typescript'

const top = join(import.meta.dirname, '../..')
const target = join(top, 'src/cli/api-types.ts')
const head = '// Made of openapi.yaml by test/openapi-types/generate.ts; change the endpoints, not this file.\n\n'

const document = new URL(`file://${join(top, 'openapi.yaml')}`)
const text = astToString(await openapiTypes(document, { alphabetize: true, defaultNonNullable: false, silent: true }))
// What OpenAPI may have and ours has not.
const wanted = head + text.replace(/^export type (webhooks|\$defs) = .*\n/gm, '')

if (process.argv.includes('--check')) {
  const found = readFileSync(target, 'utf8')
  if (found !== wanted) {
    console.error('src/cli/api-types.ts is not what openapi.yaml says: run  npm run openapi:types')
    process.exitCode = 1
  }
} else {
  writeFileSync(target, wanted)
}
