// npm test: whatever needs nothing but Node. What needs root, a registry or patience (test/lab, e2e, hostility, ...)
// has a runner of its own.

import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

if (Number(process.versions.node.split('.')[0]) < 26) {
  throw new Error(`Tests run on the Node in node_modules (26), this is ${process.version}: use npm test.`)
}

/** Files that mostly wait, for processes, leases and sockets. The longest comes first. */
const waiting = [
  'test/crash/two-servers',
  'test/cli/demo',
  'test/crash/sigkill',
  'test/conformance/simulated/ssh',
  'test/conformance/remote',
  'test/crash',
]

/** What waits begins first, while others compute; or the last of it would be waited for by everybody. */
class WaitingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = (file: TestSpecification) => {
      const found = waiting.findIndex((path) => file.moduleId.includes(`/${path}`))
      return found === -1 ? waiting.length : found
    }
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other))
  }
}

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'providers/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'dist/**', 'test/{lab,e2e,hostility,package,bench,sweep}/**'],
    retry: 0,
    // Half of the time of all files is waiting: with one worker a processor (or fewer, as is usual) most of it is idle.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: WaitingFirst },
    // Deadlines are for what hangs, not for what is slow: on a busy machine a real process may wait long for its turn.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000, interval: 20 } },
  },
})
