// What a choice needs beside the transaction it is written in.

import type { Flavors } from './catalogue.ts'
import type { FormDeps } from './form.ts'
import type { MeltdownLimits } from './meltdown-limits.ts'
import type { Seats } from './seat.ts'

export interface DecideDeps extends FormDeps {
  readonly flavors: Flavors
  /** When so much is down that nothing is repaired by itself; the usual limits by default. */
  readonly meltdown?: MeltdownLimits
  /** Seats that are given; placement chooses when absent. */
  readonly seats?: Seats
}
