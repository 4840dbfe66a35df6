// The unique index judges, in the write itself: looking first would be right only until somebody else writes.

import { ProblemError } from '../kernel/problem.ts'
import { uniqueViolation } from '../store/index.ts'

/** Runs an insert or update that gives a name; throws name_taken when the living already have it. */
export async function givingName<T>(what: string, table: string, name: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (uniqueViolation(error) !== table) throw error
    throw new ProblemError(
      {
        code: 'name_taken',
        detail: `There is already a ${what} called ${name}.`,
        facts: { name },
        next: `Choose another name, or use the ${what} that is there.`,
      },
      { cause: error },
    )
  }
}
