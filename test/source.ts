import { execFileSync } from 'node:child_process'

/** The last commit that changed anything but the results, with `+` when files differ from it. */
export function sourceOf(top: string): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: top, encoding: 'utf8' }).trim()
  const rest = ['--', '.', ':!test/RESULTS.md']
  return git('log', '-1', '--format=%h', ...rest) + (git('status', '--porcelain', ...rest) === '' ? '' : '+')
}
