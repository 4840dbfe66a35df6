// A request whose fields are wrong is refused alike everywhere: the first in a sentence, all of them by pointer.

import { ProblemError } from '../kernel/problem.ts'
import { sentence } from '../kernel/sentence.ts'

export interface FieldError {
  /** JSON pointer (RFC 6901) into the body, or below /query; '' is the whole body. */
  readonly pointer: string
  /** What is wrong, without a full stop: `must be a whole number`, `unknown field, did you mean name?`. */
  readonly detail: string
}

/** The refusal of a request for these fields; undefined when there are none. */
export function invalidFields(errors: readonly FieldError[], next = allOfThem): ProblemError | undefined {
  const [first] = errors
  if (!first) return undefined
  const more = errors.length > 1 ? `, and ${errors.length - 1} more` : ''
  return new ProblemError({
    code: 'invalid_request',
    detail: sentence(`${first.pointer === '' ? 'The body' : first.pointer}: ${first.detail}${more}`),
    next,
    errors,
  })
}

const allOfThem = 'Correct the fields named in errors; nothing was changed.'

/** One token of a JSON pointer, with its slash. */
export function pointerToken(part: PropertyKey): string {
  return `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`
}
