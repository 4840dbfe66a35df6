// When what is under way is looked at again. A look that finds nothing new is not worth a commit, so that moment is in
// memory alone; what is read afresh is told, or it would be due at once, and again, as often as something wakes the run.

import type { PlatformView, RecordView } from './view.ts'

/** The moment of the next look, ms since 1970, in memory and in the database. */
export interface Look {
  readonly nextAt: number
  readonly stored: number | null
}

/** What of a run is needed here. */
interface Looking {
  readonly view: PlatformView
  readonly looks: Map<string, Look>
}

/** Puts the next look at a step off to `record.nextAt` without writing it down. */
export function lookAgain({ view, looks }: Looking, record: RecordView): void {
  if (record.nextAt === null) throw new Error(`no next look at ${record.key}`)
  const before = view.records.get(record.key)?.nextAt ?? null
  const known = looks.get(record.key)
  looks.set(record.key, { nextAt: record.nextAt, stored: known?.nextAt === before ? known.stored : before })
  view.records.set(record.key, record)
}

/** Tells what was read afresh of the looks that were put off, but for those of which something else was written since. */
export function keepLooks(looks: Map<string, Look>, { records }: PlatformView): void {
  for (const [key, { nextAt, stored }] of looks) {
    const record = records.get(key)
    if (record && record.nextAt === stored) records.set(key, { ...record, nextAt })
    else looks.delete(key)
  }
}
