import { ProblemError } from '../kernel/problem.ts'

// What is wrong with a blueprint, for an author at an editor: where, what, and what would be right.

export interface Mistake {
  /** Path inside the blueprint. */
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 1. */
  readonly column: number
  /** JSON pointer inside blueprint.yaml, e.g. /steps/join/needs/0; empty for other files and the whole. */
  readonly pointer: string
  readonly message: string
  /** What would be right, or where to look. */
  readonly hint: string
}

/** The problem `invalid_blueprint`; each error's pointer is `file:line:column`. */
export function invalidBlueprint(mistakes: readonly Mistake[]): ProblemError {
  const [first] = mistakes
  const where = first === undefined ? '' : ` First: ${first.file}:${first.line}:${first.column}: ${first.message}`
  return new ProblemError({
    code: 'invalid_blueprint',
    detail: `The blueprint has ${mistakes.length === 1 ? 'one mistake' : `${mistakes.length} mistakes`}.${where}`,
    facts: { mistakes: mistakes.length },
    next: 'Correct what is named in errors; gantry blueprint validate <folder> checks without a server.',
    errors: mistakes.map((mistake) => ({
      pointer: `${mistake.file}:${mistake.line}:${mistake.column}`,
      detail: `${mistake.message} ${mistake.hint}`,
    })),
  })
}
