// What a long run has behind it, kept so that it can go on after an interruption. Of one source only: another one has
// passed nothing.

import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const top = join(import.meta.dirname, '../..')
const file = join(top, 'dist/simulation/progress.json')
const schema = z.object({
  source: z.string(),
  firstSeed: z.number(),
  /** Seeds from the first that are all done, COUNT. */
  done: z.number(),
  counts: z.array(z.tuple([z.string(), z.number()])),
})
export type Progress = z.infer<typeof schema>

/** The commit, with `+` and a moment when files differ from it: such a tree is never the same source again. */
export function source(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: top, encoding: 'utf8' }).trim()
  const rest = ['--', '.', ':!test/RESULTS.md']
  return (
    git('log', '-1', '--format=%h', ...rest) + (git('status', '--porcelain', ...rest) === '' ? '' : `+${Date.now()}`)
  )
}

export function loadProgress(of: string, firstSeed: number): Progress | undefined {
  try {
    const known = schema.parse(JSON.parse(readFileSync(file, 'utf8')))
    return known.source === of && known.firstSeed === firstSeed ? known : undefined
  } catch {
    return undefined
  }
}

export function saveProgress(progress: Progress): void {
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, JSON.stringify(progress))
}
