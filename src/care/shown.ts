// What a provider showed us, kept as one short digest a key: the next look is compared with it, and only what differs is
// looked into. An inventory in which nothing happened costs no query and no write, however large it is.

import { hash } from 'node:crypto'
import type { Observed, OwnerTag, Page, Session } from '../provider/contract.ts'

interface ShownPage {
  /** null: of a plain list, which has no digest of its own and is compared record by record. */
  readonly digest: string | null
  /** Key -> digest of all its objects. */
  readonly records: ReadonlyMap<string, string>
}

/** The last look that was dealt with to its end. */
export interface Shown {
  readonly pages: ReadonlyMap<string, ShownPage>
}

export const nothingShown: Shown = { pages: new Map() }

export interface Look {
  /** To be remembered once everything that follows from this look was dealt with. */
  readonly shown: Shown
  /** Keys that came, went or changed since the last look. */
  readonly changed: ReadonlySet<string>
  /** What is shown of the keys that changed, and of the doubtful ones. */
  readonly objects: ReadonlyMap<string, readonly Observed[]>
}

/** Looks at all that is ours. `doubtful`: keys that are to be shown, changed or not. Throws ProviderFault. */
export async function lookForChanges(
  session: Session,
  owner: OwnerTag,
  before: Shown,
  doubtful: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Look> {
  const pages = new Map<string, ShownPage>()
  const changed = new Set<string>()
  const objects = new Map<string, readonly Observed[]>()
  for await (const page of pagesOf(session, owner, knownOf(before, doubtful), signal)) {
    const old = before.pages.get(page.name)
    if (page.objects === null && old) {
      pages.set(page.name, old)
      continue
    }
    const records = new Map<string, string>()
    for (const [key, members] of byKey(page.objects ?? [])) {
      const digest = digestOf(members)
      const differs = old?.records.get(key) !== digest
      records.set(key, digest)
      if (differs) changed.add(key)
      if (differs || doubtful.has(key)) objects.set(key, members)
    }
    pages.set(page.name, { digest: page.digest, records })
    for (const key of old?.records.keys() ?? []) if (!records.has(key)) changed.add(key)
  }
  for (const [name, { records }] of before.pages) {
    if (!pages.has(name)) for (const key of records.keys()) changed.add(key)
  }
  return { shown: { pages }, changed, objects }
}

/** Digests of the pages that need not be shown again. */
function knownOf({ pages }: Shown, doubtful: ReadonlySet<string>): Map<string, string> {
  const known = new Map<string, string>()
  for (const [name, { digest, records }] of pages) {
    const asked =
      doubtful.size < records.size
        ? doubtful.values().some((key) => records.has(key))
        : records.keys().some((key) => doubtful.has(key))
    if (digest !== null && !asked) known.set(name, digest)
  }
  return known
}

async function* pagesOf(
  session: Session,
  owner: OwnerTag,
  known: ReadonlyMap<string, string>,
  signal: AbortSignal,
): AsyncIterable<Omit<Page, 'digest'> & { readonly digest: string | null }> {
  if (session.pages) yield* session.pages(owner, known, signal)
  else yield { name: '', digest: null, objects: await Array.fromAsync(session.list(owner, signal)) }
}

function byKey(objects: readonly Observed[]): Map<string, readonly Observed[]> {
  const seen = new Map<string, Observed[]>()
  for (const object of objects) {
    const known = seen.get(object.key)
    if (known) known.push(object)
    else seen.set(object.key, [object])
  }
  return seen
}

/** 128 bits: enough that two states of one key never look alike by chance. */
function digestOf(objects: readonly Observed[]): string {
  return hash('sha256', JSON.stringify(objects), 'base64url').slice(0, 22)
}
