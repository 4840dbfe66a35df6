// The list of what npm run check does. A tool answers with its complaint, or with nothing when it is content.

import { join } from 'node:path'
import { judgeArrow } from './arrow/judge.ts'
import { proveArrow } from './arrow/proof.ts'
import { proveSums } from './ci/proof.ts'
import { execute } from './execute.ts'
import { looseVersions } from './pins.ts'

const top = join(import.meta.dirname, '../..')
const bin = join(import.meta.dirname, 'node_modules/.bin')

export interface Tool {
  readonly name: string
  /** What holds when the tool is content. */
  readonly says: string
  run(): Promise<string>
}

export const tools: readonly Tool[] = [
  {
    name: 'style',
    says: 'Biome: formatted and linted',
    run: () =>
      program(join(bin, 'biome'), [
        'ci',
        '--colors=off',
        '--max-diagnostics=20',
        '--diagnostic-level=warn',
        '--error-on-warnings',
        '.',
      ]),
  },
  {
    name: 'types',
    says: 'TypeScript 7, strict',
    run: () => program(join(bin, 'tsc'), ['--project', '.', '--noEmit', '--pretty', 'false']),
  },
  {
    name: 'arrow',
    says: 'dependency-cruiser: who may import whom',
    run: async () => judgeArrow(top),
  },
  {
    name: 'proof',
    says: 'each rule of the arrow objects when it is broken',
    run: async () => proveArrow().join('\n'),
  },
  {
    name: 'unused',
    says: 'knip: no file, export or dependency that nothing uses',
    run: () => program(join(bin, 'knip'), ['--config', 'test/check/knip.json', '--no-progress', '--no-config-hints']),
  },
  {
    name: 'pins',
    says: 'every dependency has one exact version',
    run: async () => looseVersions(top).join('\n'),
  },
  {
    name: 'sums',
    says: '.ci/run adds up suites that fail, hang, crash or lie',
    // CI runs on Linux, and .ci/run finds what a suite left behind through /proc.
    run: async () => (process.platform === 'linux' ? (await proveSums()).join('\n') : ''),
  },
  {
    name: 'openapi',
    says: 'openapi.yaml is what the endpoints say',
    run: () => program('src/main.ts', ['openapi', '--check']),
  },
  {
    name: 'schema',
    says: 'the JSON Schema of blueprints is what zod says',
    run: () => program('src/main.ts', ['blueprint', 'schema', '--check']),
  },
  {
    name: 'client',
    says: 'src/cli/api-types.ts is what openapi.yaml says',
    run: () => program('test/openapi-types/generate.ts', ['--check']),
  },
]

/** By our own Node: what npm installed as commands would take the first on the PATH. */
async function program(path: string, args: readonly string[]): Promise<string> {
  const { code, output } = await execute(process.execPath, [path, ...args], top)
  return code === 0 ? '' : output || `${path} ended with ${code} and said nothing`
}
