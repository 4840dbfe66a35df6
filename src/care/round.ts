// What one look at a provider works with, and what this process remembers of it until the next.

import type { PlatformId, ProviderId } from '../kernel/ids.ts'
import type { Seams } from '../kernel/seams.ts'
import type { OwnerTag, Session } from '../provider/contract.ts'
import { ProviderFault } from '../provider/fault.ts'
import type { Store } from '../store/store.ts'
import type { Shown } from './shown.ts'
import { type Watched, watched } from './watched.ts'

export interface ScanDeps {
  readonly store: Store
  readonly seams: Seams
  /** Tells the engine that a platform is due. */
  readonly wake: (platform: PlatformId) => void
  readonly log: (message: string, facts: { readonly [name: string]: unknown }) => void
}

export interface ScanMemory {
  /** Machines that should be well and are not. */
  readonly ill: Watched
  /** Objects with our tag that nobody remembers. */
  readonly orphans: Watched
  /** Keys whose receipt is open again and which were not seen. */
  readonly goneAgain: Watched
  /** Keys whose receipt is open again; null: not read yet. */
  reopened: Set<string> | null
  /** Keys of machines that are known to be changed; null: not read yet. */
  changed: Set<string> | null
  /** The last scan that came to its end; null: the next one looks at everything. */
  last: LastScan | null
  /** The hosts as they were last written, by a digest of the report, and the last event known then; null: not yet. */
  hosts: { readonly digest: string; readonly seq: number } | null
}

export interface LastScan {
  readonly shown: Shown
  /** The last event that it knew of. */
  readonly seq: number
  /** Keys that are looked at again though nothing changes: ill, orphaned, not shown by the list. */
  readonly unsettled: ReadonlySet<string>
  /** Scans since everything was looked at, COUNT. */
  readonly since: number
}

export function scanMemory(): ScanMemory {
  return {
    ill: watched(),
    orphans: watched(),
    goneAgain: watched(),
    reopened: null,
    changed: null,
    last: null,
    hosts: null,
  }
}

export interface Round {
  readonly deps: ScanDeps
  readonly provider: ProviderId
  readonly session: Session
  readonly owner: OwnerTag
  readonly memory: ScanMemory
  /** False while the installation is in report-only mode. */
  readonly mayDestroy: boolean
  readonly signal: AbortSignal
}

/** Deals with one object: what the provider refuses for it is told and is no fault of the provider as a whole. */
export async function each(round: Round, key: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof ProviderFault) || round.signal.aborted) throw error
    const { kind, message } = error
    round.deps.log('an object could not be dealt with', { provider: round.provider, key, fault: kind, message })
  }
}

/** For how long absence must have been seen until it is certain, ms. */
export function absenceMs({ capabilities }: Session): number {
  return capabilities.lookup === 'consistent' ? 0 : capabilities.settleMs
}
