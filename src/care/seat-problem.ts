// What a person is told when placement finds no place: for every host why not, and what would help. Where only the
// providers' silence or refusal is in the way, asking for less would be the wrong advice.

import type { Problem, ProblemCode } from '../kernel/problem.ts'
import type { Answer, Hint, ProvidersHint } from '../placement/index.ts'
import type { ProviderImages } from './catalogue.ts'

/** What `seatSlots` may find in the way. */
export const seatCodes = ['no_capacity', 'provider_unreachable', 'provider_denied'] as const satisfies ProblemCode[]
type SeatCode = (typeof seatCodes)[number]

type Refused = Extract<Answer, { kind: 'refused' }>
type OfRequest = Exclude<Hint, ProvidersHint>

export function seatProblem(
  { refusals, wouldFitWith }: Refused,
  providers: readonly Pick<ProviderImages, 'id' | 'name'>[],
): Problem & { readonly code: SeatCode } {
  const who = someOf(refusals.map((refusal) => refusal.member))
  const changes = wouldFitWith.filter((hint): hint is OfRequest => hint.kind !== 'providers').map(hintText)
  const facts = {
    unseated: refusals.length,
    hosts: (refusals[0]?.hosts ?? []).map((host) => `${host.host}: ${host.reason}`),
    wouldFitWith: changes,
  }
  if (providers.length === 0) {
    const next = 'An infra-admin registers one first: gantry provider add <name> --kind <kind>.'
    return { code: 'no_capacity', detail: `${who} found no host: no provider is registered.`, facts, next }
  }
  const fits = `It would fit with ${changes.join(', or ')}.`
  const missed = wouldFitWith.find((hint): hint is ProvidersHint => hint.kind === 'providers')
  if (!missed) {
    const next = changes.length > 0 ? fits : 'Ask for fewer or smaller machines, or ask an infra-admin for capacity.'
    return { code: 'no_capacity', detail: `${who} found no host.`, facts, next }
  }
  const names = missed.providers.map((id) => providers.find((provider) => provider.id === id)?.name ?? id)
  const { code, says, next } = told[missed.because]
  return {
    code,
    detail: `${who} found no host: ${names.join(' and ')} ${says}.`,
    facts: { ...facts, providers: names },
    next: changes.length > 0 ? `${next} ${fits}` : next,
  }
}

const told = {
  unreachable: {
    code: 'provider_unreachable',
    says: 'cannot be reached',
    next: 'Ask again in a minute: it is looked at again by itself. If it lasts, an infra-admin must look at the provider.',
  },
  denied: {
    code: 'provider_denied',
    says: 'refuses the login or a right',
    next: 'An infra-admin must give the provider working credentials; then ask again.',
  },
} as const

/** `worker-6, worker-7, worker-8 and 31 more`. */
function someOf(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ')
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown
}

function hintText(hint: OfRequest): string {
  switch (hint.kind) {
    case 'relax':
      return `${hint.group} allowed to share a ${hint.spread} (should instead of must)`
    case 'fewer':
      return `${hint.members} of ${hint.group}`
    default:
      return hint satisfies never
  }
}
