// `Prefer: wait=N` (RFC 7240) holds the answer to a 202 for up to N seconds, so that a small wish needs one call.

const mostSeconds = 60

/** How long the caller would wait, ms; 0 when they do not say. Preferences we do not know are ignored, as the RFC asks. */
export function waitMs(prefer: string | undefined): number {
  const wait = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,6})"?/i.exec(prefer ?? '')?.[1]
  return wait === undefined ? 0 : Math.min(Number(wait), mostSeconds) * 1000
}
