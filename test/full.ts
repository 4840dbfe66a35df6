// npm run test:full: the suites too long for every change, one after another. Each result is a line of RESULTS.md,
// so a run that was interrupted goes on where it stopped: what passed on this very source is not run again.
//
//   npm run test:full                  what has not passed yet
//   npm run test:full -- sweep bench   these, in any case
//   npm run test:full -- --list        what there is, and what passed

import { spawn } from 'node:child_process'
import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sourceOf } from './source.ts'

const top = join(import.meta.dirname, '..')
const results = join(import.meta.dirname, 'RESULTS.md')

const suites: Readonly<Record<string, string>> = {
  sweep: 'npm run sweep',
  simulate: 'npm run simulate -- --seeds 20000 --resume',
  mutants: 'GANTRY_FULL=1 npx vitest run test/simulation/mutants.test.ts',
  package: 'npm run test:package',
  'fresh-clone': 'test/fresh-clone/run',
  hostility: 'test/hostility/run',
  e2e: 'test/e2e/run',
  'e2e-life': 'GANTRY_E2E=full test/e2e/run life.test.ts hardship.test.ts',
  bench: 'npm run bench',
  native: 'npm run native',
}

function passedOn(commit: string): Set<string> {
  const rows = readFileSync(results, 'utf8').split('\n')
  const cells = rows.map((row) => row.split('|').map((cell) => cell.trim()))
  return new Set(cells.filter((row) => row[2] === commit && row[4] === 'passed').map((row) => row[3] ?? ''))
}

/** Runs the command with our terminal; answers its exit code. */
function run(command: string): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', command], { cwd: top, stdio: 'inherit' })
    child.on('exit', (code, signal) => resolve(signal ? 128 : (code ?? 1)))
    child.on('error', () => resolve(127))
  })
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => name !== '--list' && !(name in suites))
if (unknown.length > 0) {
  console.error(`no suite is called ${unknown.join(', ')}; there are ${Object.keys(suites).join(', ')}`)
  process.exit(2)
}

const commit = sourceOf(top)
// A tree that differs from its commit is no source that could be named twice: nothing of it counts as passed.
const done = commit.endsWith('+') ? new Set<string>() : passedOn(commit)
if (wanted.includes('--list')) {
  for (const [name, command] of Object.entries(suites))
    console.log(`${done.has(name) ? 'passed ' : 'to run '} ${name}  (${command})`)
  process.exit(0)
}

for (const name of wanted.length > 0 ? wanted : Object.keys(suites).filter((suite) => !done.has(suite))) {
  const start = Date.now()
  const code = await run(suites[name] ?? 'false')
  const result = code === 0 ? 'passed' : `failed (${code})`
  const minutes = ((Date.now() - start) / 60_000).toFixed(1)
  appendFileSync(
    results,
    `| ${new Date(start).toISOString().slice(0, 16)}Z | ${commit} | ${name} | ${result} | ${minutes} |\n`,
  )
  console.log(`${name}: ${result} in ${minutes} minutes`)
  if (code !== 0) process.exitCode = 1
}
