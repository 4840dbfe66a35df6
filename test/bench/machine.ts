// What the figures were measured on; a figure without its machine says nothing.

import { execFileSync } from 'node:child_process'
import { cpus, loadavg, totalmem } from 'node:os'
import { join } from 'node:path'

export interface MachineFacts {
  /** Day, commit (`+` when files differ from it), versions, processor: one line each. */
  readonly lines: readonly string[]
  /** Of the last minute; ours is in it. */
  readonly load: number
}

const root = join(import.meta.dirname, '../..')

export function machineFacts(): MachineFacts {
  const processors = cpus()
  const gib = Math.round(totalmem() / 2 ** 30)
  return {
    lines: [
      `date ${new Date().toISOString().slice(0, 16)} UTC`,
      `commit ${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain') === '' ? '' : '+'}`,
      `Node ${process.versions.node}, V8 ${process.versions.v8}`,
      `${processors.length} x ${processors[0]?.model.trim()}, ${gib} GiB, ${process.platform} ${process.arch}`,
    ],
    load: loadavg()[0] ?? 0,
  }
}

function git(...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
}
