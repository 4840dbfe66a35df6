// One look at a machine over its pinned connection, for care's checks: no attempt, no record, nothing on a disk.

import { type Remote, RemoteFault } from '../bootstrap/remote.ts'
import type { Endpoint } from '../kernel/endpoint.ts'
import { noMore } from '../kernel/no-more.ts'
import type { Seams } from '../kernel/seams.ts'

export interface ProbedMachine {
  readonly id: string
  readonly endpoints: readonly Endpoint[]
  readonly loginUser: string
  readonly hostKey: string
  readonly sshSecret: string
}

export interface ProbeDeps {
  readonly remote: Remote
  readonly seams: Seams
  /** The private key behind a reference. */
  readonly privateKey: (ref: string) => Promise<string>
}

/** Answers what the machine said, or that it did not answer within `timeoutMs`. */
export function prober({ remote, seams, privateKey }: ProbeDeps) {
  return async (machine: ProbedMachine, script: string, timeoutMs: number, signal: AbortSignal) => {
    const target = {
      incarnation: machine.id,
      endpoints: machine.endpoints,
      user: machine.loginUser,
      hostKey: machine.hostKey,
      privateKeyPem: await privateKey(machine.sshSecret),
    }
    const late = new AbortController()
    const done = new AbortController()
    seams.clock.sleep(timeoutMs, done.signal).then(
      () => late.abort(new RemoteFault('broken', `no answer in ${timeoutMs} ms`)),
      () => undefined,
    )
    try {
      const checked = await remote.check(target, script, timeoutMs, AbortSignal.any([signal, late.signal]))
      return { kind: 'answered', ...checked } as const
    } catch (error) {
      if (late.signal.aborted) return { kind: 'silent', why: `no answer in ${timeoutMs / 1000} s` } as const
      if (error instanceof RemoteFault) return { kind: 'silent', why: error.message } as const
      throw error
    } finally {
      done.abort(noMore)
    }
  }
}
