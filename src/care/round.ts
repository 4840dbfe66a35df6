// What one look at a provider works with, and what this process remembers of it until the next.

import type { PlatformId, ProviderId } from '../kernel/ids.ts'
import type { Seams } from '../kernel/seams.ts'
import type { OwnerTag, Session } from '../provider/contract.ts'
import { ProviderFault } from '../provider/fault.ts'
import type { Store } from '../store/store.ts'
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
}

export function scanMemory(): ScanMemory {
  return { ill: watched(), orphans: watched(), goneAgain: watched(), reopened: null }
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
