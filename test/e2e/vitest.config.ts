// Its own configuration: this suite needs root, Debian and apt, so npm test leaves it out. One file after another,
// because there is one lab.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.test.ts'],
    globalSetup: './lab-up.ts',
    fileParallelism: false,
    retry: 0,
    testTimeout: 180_000,
    hookTimeout: 600_000,
  },
})
