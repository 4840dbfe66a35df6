// The sweeps: hundreds of lives of each operation, which compute and never wait. test/sweep/run.ts starts them.

import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  root: join(import.meta.dirname, '../..'),
  test: {
    include: ['test/sweep/*.test.ts'],
    retry: 0,
    maxWorkers: Number(process.env.GANTRY_SWEEP_WORKERS ?? 2),
    testTimeout: 3_600_000,
    hookTimeout: 120_000,
  },
})
