// Its own configuration: this suite needs root, Debian and apt, so npm test leaves it out. There is one lab; two files at a
// time share it, since each mostly waits for its machines: the longest first, so that the rest fits beside it.
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const longestFirst = ['life', 'hardship', 'swarm', 'incus-provider']
/** What only GANTRY_E2E=full runs. */
const inFullOnly = ['hardship.test.ts']

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) =>
      longestFirst.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`))
    return files.toSorted((a, b) => rank(a) - rank(b))
  }
}

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.test.ts'],
    exclude: process.env.GANTRY_E2E === 'full' ? [] : inFullOnly,
    globalSetup: './lab-up.ts',
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    retry: 0,
    testTimeout: 180_000,
    hookTimeout: 600_000,
  },
})
