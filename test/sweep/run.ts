// npm run sweep: every operation on every blueprint, disturbed at every boundary in every way; prints count and time.
//
//   npm run sweep                        all; what passed on this very source is not run again
//   npm run sweep -- --sample            each kind of boundary of a blueprint at least once, and a seeded sample
//   npm run sweep -- --sample 20 --seed 7
//   npm run sweep -- --shard 1/2         every second boundary, for another process or machine to take the others
//   npm run sweep -- --only swarm        sweeps whose name has this in it: blueprint, operation or way; any of several
//   npm run sweep -- --record            only counts, and writes the numbers of boundaries to boundaries.json

import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { sourceOf } from '../source.ts'
import { sweepFolders } from '../support/folder.ts'
import { passedIn } from './ledger.ts'
import { summary } from './summary.ts'

const top = join(import.meta.dirname, '../..')
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    shard: { type: 'string', default: '1/1' },
    only: { type: 'string', multiple: true, default: [''] },
    record: { type: 'boolean', default: false },
    workers: { type: 'string', default: '2' },
  },
})

const commit = sourceOf(top)
const folder = join(top, 'dist/sweep')
mkdirSync(folder, { recursive: true })
// A sample is quick; and a tree that differs from its commit is no source that could be named twice.
const fresh = values.sample || values.record || commit.endsWith('+')
const ledger = join(folder, fresh ? `fresh-${values.shard.replace('/', '-of-')}.jsonl` : `${commit}.jsonl`)
if (fresh) rmSync(ledger, { force: true })
const before = passedIn(ledger).length
sweepFolders()
const began = performance.now()
const { status } = spawnSync('vitest', ['run', '--config', 'test/sweep/vitest.config.ts'], {
  cwd: top,
  stdio: 'inherit',
  env: {
    ...process.env,
    GANTRY_SWEEP: values.sample ? 'sample' : 'all',
    GANTRY_SWEEP_SHARD: values.shard,
    GANTRY_SWEEP_ONLY: values.only.join('\n'),
    GANTRY_SWEEP_LEDGER: ledger,
    GANTRY_SWEEP_WORKERS: values.record ? '1' : values.workers,
    GANTRY_SWEEP_SEED: values.seed,
    ...(positionals[0] !== undefined && { GANTRY_SWEEP_SAMPLE: positionals[0] }),
    ...(values.record && { GANTRY_SWEEP_RECORD: '1' }),
  },
})
const all = passedIn(ledger)
const recorded = z
  .record(z.string(), z.int())
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, 'boundaries.json'), 'utf8')))
console.log(summary({ all, before, recorded, seconds: (performance.now() - began) / 1000, source: commit }))
process.exitCode = status ?? 1
