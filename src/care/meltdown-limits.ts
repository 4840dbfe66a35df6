export interface MeltdownLimits {
  /** Share of the machines of a provider, or of a platform, 0 to 1; above it nothing is repaired. */
  readonly fraction: number
  /** So long back it is looked who went down, ms. */
  readonly windowMs: number
  /** With no more down than this, repair goes on whatever the share, COUNT. */
  readonly minimum: number
}

export const usualMeltdown: MeltdownLimits = { fraction: 0.2, windowMs: 600_000, minimum: 5 }
