// A provider's or a machine's fault, as a problem a tenant or an admin can act on.

import type { RemoteFault } from '../bootstrap/remote.ts'
import type { StepOutcome } from '../engine/step-kind.ts'
import type { Facts, Problem } from '../kernel/problem.ts'
import { unreachable } from '../kernel/unreachable.ts'
import type { ProviderFault } from '../provider/fault.ts'
import { OtherServer } from '../provider/identity.ts'

/** What a step answers after a provider call failed. */
export function providerOutcome(fault: ProviderFault, facts: Facts): Exclude<StepOutcome, { kind: 'done' }> {
  // Whether it took place is told where it is not certain that it did not.
  const told = fault.outcome === 'none' ? facts : { ...facts, effect: fault.outcome }
  const say = (code: Problem['code'], next: string): Problem => ({ code, detail: fault.message, facts: told, next })
  switch (fault.kind) {
    case 'transient':
      return {
        kind: 'failed',
        problem: say('provider_unreachable', 'It is tried again by itself; an infra-admin can look at the provider.'),
        retryAfterMs: fault.retryAfterMs,
      }
    case 'denied':
      return {
        kind: 'blocked',
        problem: say(
          'provider_denied',
          fault instanceof OtherServer
            ? 'An infra-admin must let its address lead to the right server again, or accept this one.'
            : 'An infra-admin must give the provider working credentials.',
        ),
      }
    case 'capacity':
      return {
        kind: 'blocked',
        problem: say(
          'provider_capacity',
          'Another place is looked for; if there is none, an infra-admin must add capacity.',
        ),
      }
    case 'rejected':
      return {
        kind: 'blocked',
        problem: say('provider_rejected', 'An infra-admin must compare the request with what the provider allows.'),
      }
    case 'nameTaken':
      return {
        kind: 'blocked',
        problem: say(
          'resource_name_taken',
          'Remove or rename the object that is in the way; Gantry does not touch what it did not make.',
        ),
      }
    case 'gone':
      return { kind: 'wait', afterMs: 500, reason: fault.message }
    default:
      return unreachable(fault.kind)
  }
}

/** What a step answers after a machine could not be spoken to. */
export function remoteOutcome(fault: RemoteFault, facts: Facts): Exclude<StepOutcome, { kind: 'done' }> {
  const say = (code: Problem['code'], next: string): Problem => ({ code, detail: fault.message, facts, next })
  switch (fault.kind) {
    case 'unreachable':
    case 'broken':
      return { kind: 'wait', afterMs: 500, reason: `the machine does not answer: ${fault.message}` }
    case 'hostKeyChanged':
      return {
        kind: 'blocked',
        problem: say(
          'host_key_changed',
          'Find out who answers at this address. If the machine was rebuilt, delete it at its provider: it is replaced by itself.',
        ),
      }
    case 'loginDenied':
      return {
        kind: 'failed',
        problem: say('login_denied', 'Check that the image places the SSH key for its login user.'),
      }
    case 'sudoDenied':
      return {
        kind: 'blocked',
        problem: say('login_denied', 'The image must let its login user use sudo without a password.'),
      }
    case 'fenced':
      return { kind: 'wait', afterMs: 1_000, reason: 'another Gantry process has taken this platform over' }
    case 'noSpace':
      return {
        kind: 'failed',
        problem: say(
          'disk_full',
          'Make room on the machine (or make it writable again), or choose a flavor with a larger disk: it is tried again by itself.',
        ),
      }
    case 'protocol':
      return {
        kind: 'failed',
        problem: say(
          'machine_unreachable',
          "Check the image's login user and its login shell: Gantry needs sh, bash and coreutils, and a profile that asks nothing.",
        ),
      }
    default:
      return unreachable(fault.kind)
  }
}
