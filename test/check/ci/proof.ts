// A CI that adds up wrongly is green for ever. So the proof gives .ci/run suites that fail, hang, lie, crash, count
// nothing or are never reached, one of them run by the real vitest, and reads the table and the last line it prints.

import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execute } from '../execute.ts'

const top = join(import.meta.dirname, '../../..')

/** Name, minutes, command; then what .ci/run must say of it: passed, failed, result. */
type Suite = readonly [name: string, minutes: string, command: string, passed: number, failed: number, result: string]

const nap = `sleep 6${process.pid}`

const suites: readonly Suite[] = [
  ['counted', '1', `echo '3 passed, 0 failed, 2 skipped'`, 3, 0, 'ok'],
  ['failing', '1', `echo '2 passed, 1 failed'; exit 1`, 2, 1, 'failed with exit code 1'],
  ['lying', '1', `echo '2 passed, 1 failed'`, 2, 1, 'failed, though it ended with 0'],
  ['hanging', '0.02', `${nap} & setsid ${nap} & wait`, 0, 1, 'over its limit of 1 s'],
  ['mute', '1', 'true', 1, 0, 'ok'],
  ['crashing', '1', `echo '1 passed, 0 failed'; exit 3`, 1, 1, 'failed with exit code 3'],
  ['empty', '1', `echo '0 passed, 0 failed'`, 0, 1, 'ran no test'],
  ['vitest', '1', 'VITEST', 2, 1, 'failed with exit code 1'],
]

const stopped: readonly Suite[] = [
  ['first', '1', 'true', 1, 0, 'ok'],
  ['late', '1', nap, 0, 1, 'over its limit of [1-6] s'],
  ['never', '1', 'true', 0, 1, 'not run: no time left'],
]

const tests = `import { expect, test } from 'vitest'
test('one', () => expect(1).toBe(1))
test('two', () => expect(2).toBe(2))
test('three', () => expect(3).toBe(4))
test.skip('four', () => expect(4).toBe(5))
`

/** Answers what .ci/run got wrong, one sentence each. Takes some seconds, most of them waiting for limits. */
export async function proveSums(): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-ci-'))
  try {
    mkdirSync(join(folder, 'house'))
    writeFileSync(join(folder, 'house/sums.test.ts'), tests)
    writeFileSync(join(folder, 'house/vitest.config.mjs'), 'export default {}\n')
    const faults = await Promise.all([
      prove(folder, 'all', suites, []),
      prove(folder, 'stop', stopped, ['CI_HARD_STOP_SECONDS=6'], /^Stopped: no run .* Slowest: \d+ s late, /m),
    ])
    const asleep = globSync('/proc/[0-9]*/cmdline').filter((file) => commandLine(file) === nap)
    return [...faults.flat(), ...asleep.map((file) => `a process of a suite that hung is still running: ${file}`)]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function prove(
  folder: string,
  name: string,
  table: readonly Suite[],
  settings: readonly string[],
  says = /./,
): Promise<string[]> {
  const vitest = `${process.execPath} ${join(top, 'node_modules/vitest/vitest.mjs')} run --root ${join(folder, 'house')}`
  const rows = table.map(([suite, minutes, command]) => `${suite} ${minutes} ${command.replace('VITEST', vitest)}`)
  const file = join(folder, name)
  writeFileSync(file, rows.join('\n'))
  const { code, output } = await execute('env', [`CI_LOGS=${file}.logs`, ...settings, '.ci/run', file], top)
  const faults = judge(table, code, output)
  if (!says.test(output)) faults.push(`nothing like ${says.source} was said`)
  return faults.length > 0 ? [...faults, output] : []
}

function judge(table: readonly Suite[], code: number, output: string): string[] {
  const faults: string[] = []
  const lines = output.trimEnd().split('\n')
  for (const [name, , , passed, failed, result] of table) {
    const wanted = new RegExp(`^${name} +\\d+ +${passed} +${failed}  ${result}`)
    if (!lines.some((line) => wanted.test(line))) faults.push(`no line like ${wanted.source}`)
  }
  const sum = (column: 3 | 4) => table.reduce((total, suite) => total + suite[column], 0)
  const last = `${sum(3)} passed, ${sum(4)} failed`
  if (lines.at(-1) !== last) faults.push(`the last line is not "${last}"`)
  if (code !== 1) faults.push(`exit code ${code} although suites failed`)
  return faults
}

/** The words of a running process; a process may end while we look. */
function commandLine(file: string): string {
  try {
    return readFileSync(file, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return ''
  }
}
