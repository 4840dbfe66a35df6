// Its own configuration: this suite needs a registry, so npm test leaves it out.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { root: import.meta.dirname, include: ['*.test.ts'], retry: 0, testTimeout: 60_000, hookTimeout: 180_000 },
})
