// What placement is asked and what it answers. Plain data: the same question always has the same answer,
// and a refusal says for every host why not, so that nobody has to guess.

import type { ProviderId } from '../kernel/ids.ts'

export interface Resources {
  /** Virtual CPUs, COUNT. */
  readonly cpu: number
  readonly memoryBytes: number
  readonly diskBytes: number
}

/** `must`: two members of the group never share one. `should`: they share only when nothing else fits. */
export type SpreadRule = 'must' | 'should'

export interface Spread {
  readonly host?: SpreadRule | undefined
  readonly zone?: SpreadRule | undefined
}

/** A member that needs a place. Spread counts among members of one group; its strictest rule holds for all of it. */
export interface Wanted {
  /** e.g. `worker-1`; unique in the question. */
  readonly name: string
  readonly group: string
  readonly resources: Resources
  readonly spread: Spread
  /** When given, only these. */
  readonly zones?: readonly string[] | undefined
  readonly providers?: readonly ProviderId[] | undefined
}

/** A member that has its place already; its use is part of the hosts' reserved capacity. */
export interface Placed {
  readonly group: string
  readonly provider: ProviderId
  readonly zone: string
  readonly host: string | null
  readonly name?: string | undefined
}

/** A host's own state, or the one that its provider puts it in. */
export type HostState =
  | 'ready'
  | 'maintenance'
  | 'unreachable'
  | 'providerUnreachable'
  | 'providerDenied'
  | 'providerRemoving'

export interface Host {
  readonly provider: ProviderId
  readonly zone: string
  /** The host's name, or of a zone that does not show its hosts. */
  readonly name: string
  readonly state: HostState
  /** Null: a zone that does not show its hosts; always fits, and spreading over hosts is the provider's. */
  readonly capacity: {
    /** Declared x overcommit. */
    readonly total: Resources
    /** Total - our reservations - others' use; may be negative. */
    readonly free: Resources
  } | null
}

export interface Question {
  readonly members: readonly Wanted[]
  readonly hosts: readonly Host[]
  readonly existing: readonly Placed[]
}

export interface Assignment {
  readonly member: string
  readonly provider: ProviderId
  readonly zone: string
  /** Null in a zone that does not show its hosts. */
  readonly host: string | null
  /** For a person: why here. */
  readonly why: string
}

export type Resource = keyof Resources

export type Obstacle =
  | { readonly kind: 'state'; readonly state: Exclude<HostState, 'ready'> }
  | { readonly kind: 'restriction'; readonly by: 'zone' | 'provider' }
  | { readonly kind: 'sharesHost' | 'sharesZone'; readonly with: string }
  | { readonly kind: 'shortage'; readonly resource: Resource; readonly needs: number; readonly free: number }

export type HostRefusal = {
  readonly provider: ProviderId
  readonly zone: string
  readonly host: string
  /** For a person: `needs 4096 MiB, 1024 MiB free`, `runs manager-0 (must not share a host)`. */
  readonly reason: string
  readonly obstacle: Obstacle
}

/** A change of the question that would have had an answer. */
export type Hint =
  | { readonly kind: 'relax'; readonly group: string; readonly spread: 'host' | 'zone' }
  | { readonly kind: 'fewer'; readonly group: string; readonly members: number }
  | ProvidersHint

/** Nothing is wrong with the question: all would have their place if these providers answered, or let us in. */
export interface ProvidersHint {
  readonly kind: 'providers'
  readonly providers: readonly ProviderId[]
  /** `denied` when one of them refuses us: that does not pass by itself. */
  readonly because: 'unreachable' | 'denied'
}

export interface Refusal {
  readonly member: string
  readonly hosts: readonly HostRefusal[]
}

export type Answer =
  | { readonly kind: 'placed'; readonly assignments: readonly Assignment[] }
  | {
      readonly kind: 'refused'
      /** The members left over when the others have their place. */
      readonly refusals: readonly Refusal[]
      readonly wouldFitWith: readonly Hint[]
      /** False when the search was given up: an arrangement may exist, but none was found in reasonable time. */
      readonly proven: boolean
    }
