// A resource that can be changed has a version; whoever changes it may say which one they read (RFC 9110, 13.1.1).

import { ProblemError } from '../kernel/problem.ts'

/** The strong entity tag of a version. */
export function etag(version: number): string {
  return `"${version}"`
}

/** Throws `precondition_failed` when the caller read another version than this one; without If-Match anything goes. */
export function requireMatch(ifMatch: string | undefined, version: number): void {
  if (ifMatch === undefined) return
  const tags = ifMatch.split(',').map((tag) => tag.trim())
  if (tags.includes('*') || tags.includes(etag(version))) return
  throw new ProblemError({
    code: 'precondition_failed',
    detail: `It was changed meanwhile: its ETag is ${etag(version)}, not ${ifMatch === '' ? 'empty' : ifMatch}.`,
    facts: { etag: etag(version) },
    next: 'Read it again, and repeat the change with the new ETag if it is still wanted.',
  })
}
