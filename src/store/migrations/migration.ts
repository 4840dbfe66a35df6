// What a migration is. SQL means the same on SQLite and PostgreSQL; the few words that differ come from
// the dialect, so that a migration is written once.

export interface DialectWords {
  /** Column definition of a primary key that numbers rows in order of insertion and never reuses a number. */
  readonly sequence: string
}

/** Append-only: a migration that was ever released is never edited. */
export interface Migration {
  readonly version: number
  readonly name: string
  statements(words: DialectWords): readonly string[]
}

export const sqliteWords: DialectWords = { sequence: 'integer primary key autoincrement' }
