// A native error says what broke; a fault says what we may do about it. `outcome` is the important word:
// only `none` allows us to believe that nothing happened.

export type FaultKind =
  /** Unreachable, overloaded, throttled: the same call may succeed later. */
  | 'transient'
  /** Login or right refused. */
  | 'denied'
  /** No room where we asked. */
  | 'capacity'
  /** The request is wrong and stays wrong. */
  | 'rejected'
  /** The key or name belongs to an object that is not ours. */
  | 'nameTaken'
  /** The object does not exist. */
  | 'gone'

export interface FaultFacts {
  readonly kind: FaultKind
  /** Whether the effect took place. */
  readonly outcome: 'none' | 'done' | 'unknown'
  readonly retryAfterMs?: number | undefined
}

export class ProviderFault extends Error {
  readonly kind: FaultKind
  readonly outcome: FaultFacts['outcome']
  readonly retryAfterMs: number | undefined

  constructor(facts: FaultFacts, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'ProviderFault'
    this.kind = facts.kind
    this.outcome = facts.outcome
    this.retryAfterMs = facts.retryAfterMs
  }
}
