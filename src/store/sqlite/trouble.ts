// What the disk does to us is no mistake of who asked, and no bug of ours: it is said as what it is, and the same
// request may be sent again.

import { ProblemError } from '../../kernel/problem.ts'

const advice: readonly (readonly [code: string, next: string])[] = [
  ['SQLITE_FULL', 'Free space where the database is; nothing was changed, and what was asked can be asked again.'],
  ['SQLITE_READONLY', 'Give this user the right to write the database and its folder; nothing was changed.'],
  ['SQLITE_IOERR', 'Look at the disk of the database and at the system log; nothing was changed.'],
  ['SQLITE_CANTOPEN', 'Look at whether the folder of the database is still there; nothing was changed.'],
  ['SQLITE_CORRUPT', 'Stop Gantry and restore a backup: the file of the database is damaged.'],
]

/** An error of a write as whoever wrote hears it: ProblemError 'unavailable' for one of the disk, else the error itself. */
export function diskTrouble(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  const code = String(error.code)
  const next = advice.find(([name]) => code.startsWith(name))?.[1]
  if (next === undefined) return error
  const detail = `The database cannot be written: ${error.message}.`
  return new ProblemError({ code: 'unavailable', detail, next }, { cause: error })
}
