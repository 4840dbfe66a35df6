import { first } from './0001-first.ts'
import type { Migration } from './migration.ts'

/** Every migration, oldest first. Append; never edit one that was released. */
export const migrations: readonly Migration[] = [first]
