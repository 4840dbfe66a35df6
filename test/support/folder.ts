// Folders of histories and lives, in memory where there is one. Whoever is killed leaves its folders behind; they carry its process
// id, so whoever comes next can tell that they are nobody's any more.

import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const prefix = 'gantry-life-'

function base(): string {
  return existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
}

/** A new empty folder of this process; disposing removes it. */
export function makeFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(base(), `${prefix}${process.pid}-`))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** Removes the folders of processes that are over. */
export function sweepFolders(): void {
  for (const name of readdirSync(base())) {
    if (!name.startsWith(prefix)) continue
    const pid = Number(name.slice(prefix.length).split('-')[0])
    if (Number.isInteger(pid) && !isRunning(pid)) rmSync(join(base(), name), { recursive: true, force: true })
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Of another user: there, though not ours to ask.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
