// A plan names where values come from; here they become values. Anything not known yet is `undefined`,
// which makes the step wait instead of running with half its input.

import type { MemberFact, MemberRef, PlanStep, Value } from '../blueprints/plan-types.ts'
import { canonicalHash, type Json } from '../kernel/canonical.ts'
import type { MemberView, PlatformView } from './view.ts'

/** A resolved value: its text for the environment and what stands for it in a fingerprint (never a secret). */
export interface Resolved {
  readonly text: string
  readonly secretRef: string | null
}

/**
 * Undefined: not known yet. Fresh values are resolved by the caller, when the step runs. Of a group's facts,
 * `known` takes those there are (for `using`); without it one that is missing makes the whole value unknown.
 */
export function resolveValue(view: PlatformView, value: Value, facts: 'all' | 'known' = 'all'): Resolved | undefined {
  switch (value.from) {
    case 'literal':
      return plain(typeof value.value === 'string' ? value.value : JSON.stringify(value.value))
    case 'output': {
      const record = view.records.get(value.step)
      const output = record?.achieved === null ? undefined : record?.outputs[value.name]
      if (!output) return undefined
      return output.secret ? { text: '', secretRef: output.value } : plain(output.value)
    }
    case 'fresh':
      return undefined
    case 'member':
      return maybePlain(memberFact(view.members.get(value.member), value.fact))
    case 'group': {
      const texts = value.members.map((ref) => memberFact(view.members.get(ref), value.fact))
      const there = texts.filter((text) => text !== undefined)
      return facts === 'known' || there.length === texts.length ? plain(there.join(',')) : undefined
    }
    default:
      return value satisfies never
  }
}

export function memberFact(member: MemberView | undefined, fact: MemberFact): string | undefined {
  if (!member) return undefined
  switch (fact) {
    case 'name':
      return member.name
    case 'ordinal':
      return String(member.ordinal)
    case 'zone':
      return member.machine.zone
    case 'host':
      return member.machine.host ?? undefined
    case 'address':
      return addressOf(member)
    default:
      return fact satisfies never
  }
}

/** What other machines reach it by; undefined until the provider has told. */
export function addressOf(member: MemberView): string | undefined {
  return member.machine.addresses[0] ?? member.machine.endpoints[0]?.address
}

/**
 * What the step is asked to be, as a hash: kind, its revision, script digest, resolved `with`, incarnation.
 * Undefined while a value of `with` is unknown. A once step is compared by key, so its hash is the key's.
 */
export function fingerprint(view: PlatformView, step: PlanStep, revision: number): string | undefined {
  const base = { kind: step.kind, revision, want: step.want, member: step.member }
  switch (step.kind) {
    case 'machine':
    case 'ssh':
      return canonicalHash(base)
    case 'power':
      return canonicalHash({ ...base, to: step.input.to })
    case 'script':
    case 'gate': {
      if (step.mode === 'once') return canonicalHash({ once: step.key })
      const resolved: Record<string, Json> = {}
      for (const [name, value] of Object.entries(step.input.with)) {
        const known = resolveValue(view, value)
        if (!known) return undefined
        resolved[name] = known.secretRef ?? known.text
      }
      const guards: readonly MemberRef[] | undefined = step.kind === 'gate' ? step.guards : undefined
      const subject = step.kind === 'script' ? step.subject : null
      return canonicalHash({ ...base, script: step.input.digest, with: resolved, guards, subject })
    }
    default:
      return step satisfies never
  }
}

function plain(text: string): Resolved {
  return { text, secretRef: null }
}

function maybePlain(text: string | undefined): Resolved | undefined {
  return text === undefined ? undefined : plain(text)
}
