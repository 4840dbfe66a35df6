import type { Problem } from './problem.ts'

// What one try at a step says. A union, so that "retry" can never be confused with "go on".

export type Outcome<Done> =
  | ({ readonly kind: 'done' } & Done)
  /** Not there yet, nothing is wrong: look again after `afterMs`. Does not count as an attempt. */
  | { readonly kind: 'wait'; readonly afterMs: number; readonly reason: string }
  /** This attempt failed: back-off, then another, until attempts or deadline are used up. */
  | { readonly kind: 'failed'; readonly problem: Problem; readonly retryAfterMs?: number | undefined }
  /** Trying again by itself would not help; a person, a decision or a changed world does. */
  | { readonly kind: 'blocked'; readonly problem: Problem }
