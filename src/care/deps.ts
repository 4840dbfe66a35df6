// What a choice needs beside the transaction it is written in.

import type { Flavors } from './catalogue.ts'
import type { FormDeps } from './form.ts'
import type { MeltdownLimits } from './meltdown-limits.ts'

export interface DecideDeps extends FormDeps {
  readonly flavors: Flavors
  /** When so much is down that nothing is repaired by itself; the usual limits by default. */
  readonly meltdown?: MeltdownLimits
}
