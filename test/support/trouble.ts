// What a log may say of errors: what is done to a process in a test explains some, and any other is a bug of ours.

import { RemoteFault } from '../../src/bootstrap/remote.ts'
import { ProblemError } from '../../src/kernel/problem.ts'
import { ProviderFault } from '../../src/provider/fault.ts'

/** Whether its provider, its machines or its disk explain the error. */
export function isTrouble(error: unknown): boolean {
  if (error instanceof ProviderFault || error instanceof RemoteFault) return true
  if (error instanceof ProblemError) return error.code === 'unavailable'
  return error instanceof Error && 'code' in error && /^SQLITE_(FULL|IOERR)/.test(String(error.code))
}
