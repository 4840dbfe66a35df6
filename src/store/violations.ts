// A unique index is the only judge of a taken name; who inserts asks here what the refusal meant.

/**
 * The table of a violated unique index or primary key (`platforms`), or null when `error` is anything else.
 * SQLite says `UNIQUE constraint failed: platforms.project_id, platforms.name`.
 */
export function uniqueViolation(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null
  if (error.code !== 'SQLITE_CONSTRAINT_UNIQUE' && error.code !== 'SQLITE_CONSTRAINT_PRIMARYKEY') return null
  return /constraint failed: ([a-z_]+)\./.exec(error.message)?.[1] ?? null
}
