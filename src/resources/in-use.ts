import { ProblemError } from '../kernel/problem.ts'

/** Throws in_use, naming what is inside; nothing when nothing is. */
export function refuseInUse(what: string, name: string, inside: readonly string[], next: string): void {
  if (inside.length === 0) return
  throw new ProblemError({
    code: 'in_use',
    detail: `The ${what} ${name} is in use by ${inside.join(', ')}.`,
    facts: { usedBy: inside },
    next,
  })
}
