// What would have helped: single changes of a refused question, each tried out and not guessed.

import type { Answer, Hint, HostState, ProvidersHint, Question } from './types.ts'

type Solve = (question: Question) => Answer

/**
 * Providers that do not answer or refuse us, if that is all that is in the way; else a must made a should, and fewer
 * members of one group. `left` are the members that found no place.
 */
export function hints(question: Question, left: readonly string[], solve: Solve): Hint[] {
  const found: Hint[] = []
  const missed = missedProviders(question, solve)
  if (missed) found.push(missed)
  const groups = new Set(question.members.filter((member) => left.includes(member.name)).map((member) => member.group))
  for (const group of groups) {
    for (const spread of ['host', 'zone'] as const) {
      const rules = question.members.filter((member) => member.group === group).map((member) => member.spread[spread])
      if (rules.includes('must') && solve(relaxed(question, group, spread)).kind === 'placed') {
        found.push({ kind: 'relax', group, spread })
      }
    }
  }
  const [only, ...more] = groups
  if (only !== undefined && more.length === 0) {
    const members = question.members.filter((member) => member.group === only).length - left.length
    if (members > 0) found.push({ kind: 'fewer', group: only, members })
  }
  return found
}

function relaxed(question: Question, group: string, spread: 'host' | 'zone'): Question {
  const members = question.members.map((member) =>
    member.group === group ? { ...member, spread: { ...member.spread, [spread]: 'should' as const } } : member,
  )
  return { ...question, members }
}

/** Those that do not answer come first: they may answer by the next look, a refusal needs a person. */
const absences: readonly (readonly HostState[])[] = [
  ['providerUnreachable'],
  ['providerDenied'],
  ['providerUnreachable', 'providerDenied'],
]

function missedProviders(question: Question, solve: Solve): ProvidersHint | undefined {
  for (const states of absences) {
    const missed = question.hosts.filter((host) => states.includes(host.state))
    if (!states.every((state) => missed.some((host) => host.state === state))) continue
    const hosts = question.hosts.map((host) =>
      states.includes(host.state) ? { ...host, state: 'ready' as const } : host,
    )
    const answer = solve({ ...question, hosts })
    if (answer.kind === 'refused') continue
    const used = new Set(answer.assignments.map((assignment) => assignment.provider))
    const wanted = missed.filter((host) => used.has(host.provider))
    return {
      kind: 'providers',
      providers: [...new Set(wanted.map((host) => host.provider))],
      because: wanted.some((host) => host.state === 'providerDenied') ? 'denied' : 'unreachable',
    }
  }
  return undefined
}
