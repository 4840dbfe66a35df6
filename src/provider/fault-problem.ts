// A fault as a named problem: what a person is told when a provider says no.

import type { Problem, ProblemCode } from '../kernel/problem.ts'
import type { FaultKind, ProviderFault } from './fault.ts'
import { OtherServer } from './identity.ts'

interface Told {
  readonly code: ProblemCode
  readonly says: string
  readonly next: string
}

const otherServer: Told = {
  code: 'provider_denied',
  says: 'is not the server it was',
  next: 'Let its address lead to the right server again, or accept the new identity with acceptIdentity.',
}

const told: { readonly [kind in FaultKind]: Told } = {
  transient: {
    code: 'provider_unreachable',
    says: 'cannot be reached',
    next: 'Check its address, that it runs, and the network between; it is tried again by itself.',
  },
  denied: {
    code: 'provider_denied',
    says: 'refused the login or a right',
    next: 'Check the credentials in its configuration and the rights of that user.',
  },
  capacity: {
    code: 'provider_capacity',
    says: 'has no room',
    next: 'Free or add capacity there.',
  },
  rejected: {
    code: 'provider_rejected',
    says: 'rejected the request',
    next: "Correct what it complains of: the image's mapping, the flavor or the provider's configuration.",
  },
  nameTaken: {
    code: 'resource_name_taken',
    says: 'has an object of that name which is not ours',
    next: 'Rename or remove that object at the provider: Gantry never touches what it did not make.',
  },
  gone: { code: 'not_found', says: 'no longer knows the object', next: 'Nothing need be done.' },
}

/** The problem of a fault at the provider of this name. */
export function faultProblem(fault: ProviderFault, provider: string): Problem {
  const { code, says, next } = fault instanceof OtherServer ? otherServer : told[fault.kind]
  return {
    code,
    detail: `Provider ${provider} ${says}: ${fault.message.replace(/\.$/, '')}.`,
    facts: { provider, fault: fault.kind, outcome: fault.outcome },
    next,
  }
}
