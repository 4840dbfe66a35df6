// A long list in parts, each with a digest, so that who has seen a part need not be sent it again.

import { sha256 } from '../../../src/kernel/canonical.ts'
import type { Observed, Page } from '../../../src/provider/contract.ts'

/** Pages of a list at most, COUNT: digests for all are a small answer, and one change resends a small part. */
const pageCount = 32

/** The pages that are not empty; objects only of those whose digest is not `known`. */
export function pagesOf(objects: readonly Observed[], known: ReadonlyMap<string, string>): Page[] {
  return [...Map.groupBy(objects, ({ key }) => pageOf(key))].map(([name, members]) => {
    const digest = sha256(JSON.stringify(members))
    return { name, digest, objects: known.get(name) === digest ? null : members }
  })
}

/** By the key alone, so that objects of one key lie in one page for ever. */
function pageOf(key: string): string {
  return String(Number.parseInt(sha256(key).slice(0, 8), 16) % pageCount)
}
