import { ProblemError } from '../kernel/problem.ts'

/** Throws not_found. */
export function missing(what: string, id: string): never {
  throw new ProblemError({
    code: 'not_found',
    detail: `There is no ${what} ${id}.`,
    facts: { [what]: id },
    next: `GET /v1/${what}s lists what there is.`,
  })
}
