import { z } from 'zod'
import type { MemberFact } from '../plan-types.ts'
import { parameterName, paramRef } from './primitives.ts'

// Where a script's input comes from. A plain text is a reference, because references are what authors write nearly
// always; a literal text says so: { value: ... }.

export const memberFacts = ['name', 'ordinal', 'zone', 'host', 'address'] as const satisfies readonly MemberFact[]

const referenceHint =
  'A text is a reference: <step>.<output>, <group>.<fact> or member.<fact>. A literal is written { value: ... }.'

const reference = z
  .string()
  .regex(/^[a-z][a-z0-9-]*\.[A-Za-z][A-Za-z0-9_]*$/, referenceHint)
  .meta({
    description:
      '<step>.<output>, <group>.<fact> (all its members, joined by a comma) or member.<fact>; ' +
      'a fact is name, ordinal, zone, host or address.',
  })
const literal = z.strictObject({ value: z.union([z.string(), z.number(), z.boolean()]) })
const simpleValue = z.union([reference, z.number(), z.boolean(), paramRef, literal])

export const valueSchema = z
  .union([
    reference,
    z.number(),
    z.boolean(),
    paramRef,
    literal,
    z.strictObject({
      choose: z
        .strictObject({
          by: z.union([z.literal('group'), z.strictObject({ param: parameterName })]),
          cases: z.record(z.string(), simpleValue),
          otherwise: simpleValue.optional(),
        })
        .meta({ description: 'A table: the case named by the group of the member or by the parameter.' }),
    }),
  ])
  .meta({ id: 'Value' })

export type SimpleValue = z.infer<typeof simpleValue>
export type ValueExpression = z.infer<typeof valueSchema>

/** What a reference names, by its form alone; whether it exists is for the checks. */
export type Reference =
  | { readonly kind: 'member'; readonly fact: string }
  | { readonly kind: 'named'; readonly name: string; readonly part: string }

/** Takes a reference apart, e.g. `token.manager`, `manager.address`, `member.zone`. */
export function parseReference(text: string): Reference {
  const dot = text.lastIndexOf('.')
  const head = text.slice(0, dot)
  const part = text.slice(dot + 1)
  if (head === 'member') return { kind: 'member', fact: part }
  return { kind: 'named', name: head, part }
}

/** Whether the text is a member fact. */
export function isMemberFact(text: string): text is MemberFact {
  return memberFacts.some((fact) => fact === text)
}
