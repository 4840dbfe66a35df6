// dependency-cruiser by its command line: it is a program of its own folder and its own TypeScript.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const here = import.meta.dirname

export interface Violation {
  readonly from: string
  readonly to: string
  readonly rule: { readonly name: string }
  readonly cycle?: readonly { readonly name: string }[]
}

export interface Cruise {
  readonly violations: readonly Violation[]
  readonly modules: number
  readonly imports: number
  /** Names of the rules that were applied, and why each exists. */
  readonly rules: ReadonlyMap<string, string>
}

interface Report {
  readonly summary: {
    readonly violations: readonly Violation[]
    readonly totalCruised: number
    readonly totalDependenciesCruised: number
    readonly ruleSetUsed: { readonly forbidden: readonly { readonly name: string; readonly comment: string }[] }
  }
}

/** Applies rules.cjs to `paths` below `folder`. Throws with what dependency-cruiser said when it gives no report. */
export function cruise(folder: string, paths: readonly string[]): Cruise {
  const program = join(here, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs')
  const args = [program, '--config', join(here, 'rules.cjs'), '--output-type', 'json', ...paths]
  const run = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', maxBuffer: 256 << 20 })
  if (!run.stdout.startsWith('{')) throw new Error(`dependency-cruiser gave no report: ${run.stderr}${run.stdout}`)
  const { summary }: Report = JSON.parse(run.stdout)
  return {
    violations: summary.violations,
    modules: summary.totalCruised,
    imports: summary.totalDependenciesCruised,
    rules: new Map(summary.ruleSetUsed.forbidden.map((rule) => [rule.name, rule.comment])),
  }
}
