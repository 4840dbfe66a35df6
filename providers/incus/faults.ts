// What Incus says, as what we may do about it. It answers most failures of an operation as free text, so kinds come
// from words (incusd 6.0.4 and LXD 5.0.2 were read and tried); an unknown text is `transient`, which only costs a retry.

import { type FaultKind, ProviderFault } from '../../src/provider/fault.ts'

const words: readonly { readonly kind: FaultKind; readonly pattern: RegExp }[] = [
  {
    kind: 'capacity',
    pattern:
      /no space left|out of (disk )?space|disk quota|insufficient (free )?space|cannot allocate memory|reached maximum|not enough uid|member is evacuated/i,
  },
  { kind: 'nameTaken', pattern: /already exists|already in use|UNIQUE constraint failed: "?instances/i },
  {
    kind: 'denied',
    pattern: /not authorized|forbidden|certificate is restricted|project is restricted|instance is protected/i,
  },
  {
    kind: 'transient',
    pattern:
      /busy|in progress|locked|timed? ?out|deadline exceeded|connection refused|unreachable|instance is running/i,
  },
  {
    kind: 'rejected',
    pattern: /unknown configuration key|invalid|image not provided|not found|not supported|bad raw|validation|missing/i,
  },
]

/** The kind a text speaks of, if any. */
export function kindOf(text: string): FaultKind | undefined {
  return words.find(({ pattern }) => pattern.test(text))?.kind
}

/** Refusals that another moment may lift: request timeout, conflict, precondition failed, locked, too early. */
const passing = [408, 409, 412, 423, 425]

/** The fault of an error answer. `changing`: whether the call was one that changes something. */
export function faultOfAnswer(status: number, text: string, changing: boolean, retryAfterMs?: number): ProviderFault {
  const message = text === '' ? `HTTP ${status}` : text
  if (status === 401 || status === 403) {
    // An evacuated cluster member forbids what another one takes.
    return new ProviderFault({ kind: kindOf(text) === 'capacity' ? 'capacity' : 'denied', outcome: 'none' }, message)
  }
  if (status === 404) return new ProviderFault({ kind: 'gone', outcome: 'none' }, message)
  if (status === 429 || status === 503) {
    return new ProviderFault({ kind: 'transient', outcome: 'none', retryAfterMs }, message)
  }
  const kind = kindOf(text)
  if (status >= 400 && status < 500) {
    const otherwise = passing.includes(status) ? 'transient' : 'rejected'
    return new ProviderFault({ kind: kind ?? otherwise, outcome: 'none' }, message)
  }
  // incusd answers refusals of its own as 500 too; in words we know, they come before any effect.
  const refused = kind !== undefined && kind !== 'transient'
  return new ProviderFault({ kind: kind ?? 'transient', outcome: changing && !refused ? 'unknown' : 'none' }, message)
}

/** The fault of an operation that ended in failure: Incus undoes what it had begun. */
export function faultOfOperation(text: string): ProviderFault {
  return new ProviderFault({ kind: kindOf(text) ?? 'transient', outcome: 'none' }, text)
}

/** The same fault, told of a call whose object exists by now. */
export function afterEffect(error: unknown): unknown {
  if (!(error instanceof ProviderFault) || error.outcome !== 'none') return error
  // `gone` would say of the whole call that its object does not exist.
  const kind = error.kind === 'gone' || error.kind === 'nameTaken' ? 'transient' : error.kind
  return new ProviderFault({ kind, outcome: 'done', retryAfterMs: error.retryAfterMs }, error.message, { cause: error })
}
