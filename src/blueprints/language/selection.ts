import { z } from 'zod'

// Where a step runs: `each`, `each(manager, worker)`, `founder(manager)`, `any-healthy(manager)`.

const group = '[a-z][a-z0-9-]*'
const forms = new RegExp(`^(each(\\(${group}(, *${group})*\\))?|founder\\(${group}\\)|any-healthy\\(${group}\\))$`)

export const selectionSchema = z
  .string()
  .regex(forms, 'Write each, each(<group>, ...), founder(<group>) or any-healthy(<group>).')
  .meta({
    description: 'each (every member), each(<group>, ...), founder(<group>) or any-healthy(<group>).',
  })

export const anyHealthySchema = z
  .string()
  .regex(new RegExp(`^any-healthy\\(${group}\\)$`), 'Write any-healthy(<group>).')
  .meta({ description: 'any-healthy(<group>): chosen when it runs, never a member that is leaving.' })

export const operationSelectionSchema = z
  .string()
  .regex(
    new RegExp(`^(each(\\(${group}(, *${group})*\\))?|any-healthy\\(${group}\\))$`),
    'Write each, each(<group>, ...) or any-healthy(<group>).',
  )
  .meta({
    description: 'each (every member there is when it is asked for), each(<group>, ...) or any-healthy(<group>).',
  })

export type Selection =
  | { readonly kind: 'each'; readonly groups: readonly string[] | null }
  | { readonly kind: 'founder'; readonly group: string }
  | { readonly kind: 'anyHealthy'; readonly group: string }

/** Takes a selection apart that the schema has accepted. `groups: null` means every group. */
export function parseSelection(text: string): Selection {
  const match = /^([a-z-]+)(?:\((.*)\))?$/.exec(text)
  const groups = match?.[2]?.split(/, */) ?? null
  if (match?.[1] === 'each') return { kind: 'each', groups }
  const only = groups?.[0]
  if (only === undefined) throw new Error(`not a selection: ${text}`)
  return match?.[1] === 'founder' ? { kind: 'founder', group: only } : { kind: 'anyHealthy', group: only }
}

export const quantifiedSchema = z
  .string()
  .regex(new RegExp(`^(all|any|quorum)\\(${group}\\)$`), 'Write all(<group>), any(<group>) or quorum(<group>).')
  .meta({ description: 'all(<group>), any(<group>) or quorum(<group>): of how many members.' })

export interface Quantified {
  readonly quantifier: 'all' | 'any' | 'quorum'
  readonly group: string
}

/** Takes `all(worker)` apart. */
export function parseQuantified(text: string): Quantified {
  const match = /^(all|any|quorum)\((.+)\)$/.exec(text)
  const quantifier = match?.[1]
  const name = match?.[2]
  if (name === undefined || (quantifier !== 'all' && quantifier !== 'any' && quantifier !== 'quorum')) {
    throw new Error(`not a quantifier: ${text}`)
  }
  return { quantifier, group: name }
}
