// npm test: whatever needs nothing but Node. What needs root, a registry or patience (test/lab, e2e, package, bench)
// has a runner of its own.

import { defineConfig } from 'vitest/config'

if (Number(process.versions.node.split('.')[0]) < 26) {
  throw new Error(`Tests run on the Node in node_modules (26), this is ${process.version}: use npm test.`)
}

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'providers/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'dist/**', 'test/{lab,e2e,package,bench}/**'],
    retry: 0,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
