import { z } from 'zod'

// The words of the language that every part of it uses. Nothing here transforms: the schema describes what a
// person wrote, so that the JSON Schema made from it says the same to an editor as we say to the author. The message
// of a pattern is the hint that its author gets.

/** The hint for a name that becomes part of a host name or a key. */
export function labelHint(also = ''): string {
  return `Write lower case letters, digits and dashes, beginning with a letter${also}.`
}

/** Group names become host names (`<group>-<ordinal>`), so they are short, and `a-1` would be ambiguous. */
export const groupName = z
  .string()
  .regex(/^(?!.*-[0-9]+$)[a-z][a-z0-9-]*[a-z0-9]$|^[a-z]$/, labelHint('; not a dash and a number at the end'))
  .max(40)
  .meta({ description: 'Lower case letters, digits and dashes; must not end in a dash and a number.' })

export const stepName = z
  .string()
  .regex(/^[a-z]([a-z0-9-]*[a-z0-9])?$/, labelHint())
  .max(63)
  .meta({ description: 'Lower case letters, digits and dashes.' })

export const parameterName = z
  .string()
  .regex(/^[a-z][A-Za-z0-9]*$/, 'Write a name in camelCase.')
  .max(63)
  .meta({ description: 'camelCase.' })

/** Becomes UPPER_SNAKE in the environment of the script. */
export const inputName = z
  .string()
  .regex(/^[a-z]([A-Za-z0-9-]*[A-Za-z0-9])?$/, 'Write a name in camelCase or kebab-case.')
  .max(63)
  .meta({ description: 'camelCase or kebab-case; the script sees it in UPPER_SNAKE.' })

/** The script writes `<name>=value` to $GANTRY_OUTPUT, exactly so. */
export const outputName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]*$/, 'Write letters, digits and underscores, beginning with a letter.')
  .max(63)

export const scriptPath = z
  .string()
  .regex(
    /^scripts\/[A-Za-z0-9][A-Za-z0-9._-]*\.sh$/,
    'Write the path of a script in this blueprint: scripts/install.sh.',
  )
  .meta({ description: 'A file of this blueprint, e.g. scripts/install.sh, run by bash as root.' })

export const duration = z
  .string()
  .regex(/^[1-9][0-9]{0,6}(ms|s|m|h|d)$/, 'Write a whole number and a unit: 500ms, 30s, 10m, 2h, 1d.')
  .meta({ description: 'A whole number and a unit: 500ms, 30s, 10m, 2h, 1d.' })

export const paramRef = z.strictObject({ param: parameterName }).meta({ description: 'The value of a parameter.' })

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Milliseconds of a duration that the schema has accepted, e.g. `2m` -> 120000. */
export function durationMs(text: string): number {
  const match = /^([0-9]+)(ms|s|m|h|d)$/.exec(text)
  if (match === null) throw new Error(`not a duration: ${text}`)
  return Number(match[1]) * unitMs[match[2] as keyof typeof unitMs]
}
