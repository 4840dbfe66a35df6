import type { Db } from '../../store/index.ts'

/** The last `lines` lines of each attempt's log, as far as its last chunk has them. */
export async function lastLines(db: Db, attempts: readonly string[], lines: number): Promise<Map<string, string[]>> {
  if (attempts.length === 0) return new Map()
  const rows = await db
    .selectFrom('logs')
    .select(['attempt_id', 'chunk'])
    .where('attempt_id', 'in', attempts)
    .where((eb) =>
      eb(
        'log_offset',
        '=',
        eb
          .selectFrom('logs as newer')
          .select((inner) => inner.fn.max('newer.log_offset').as('last'))
          .whereRef('newer.attempt_id', '=', 'logs.attempt_id'),
      ),
    )
    .execute()
  return new Map(
    rows.map((row) => [
      row.attempt_id,
      row.chunk
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== '')
        .slice(-lines),
    ]),
  )
}
