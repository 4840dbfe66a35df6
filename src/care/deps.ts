// What a choice needs beside the transaction it is written in.

import type { Flavors } from './catalogue.ts'
import type { FormDeps } from './form.ts'

export interface DecideDeps extends FormDeps {
  readonly flavors: Flavors
}
