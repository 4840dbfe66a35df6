// `name=value` as people type it. The type comes from the schema of what is set, where there is one, so that the string
// "1.10" stays a string and 3 becomes a number; without a schema a value is read as YAML reads it.

import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { isBytes } from './quota-text.ts'
import { UsageError } from './usage.ts'

const objectSchema = z.looseObject({
  properties: z.record(z.string(), z.looseObject({ type: z.unknown().optional() })).optional(),
})

/** Splits `name=value`; throws UsageError naming the flag. */
export function pair(text: string, flag: string): [name: string, value: string] {
  const at = text.indexOf('=')
  if (at <= 0) throw new UsageError(`${flag} ${text}: write it as name=value.`)
  return [text.slice(0, at), text.slice(at + 1)]
}

/** A value as typed, or the content of a file after `@` (a certificate has many lines); `@@` stands for one @. */
export function written(value: string, flag: string): string {
  if (value.startsWith('@@') || !value.startsWith('@')) return value.replace(/^@@/, '@')
  try {
    return readFileSync(value.slice(1), 'utf8')
  } catch (cause) {
    throw new UsageError(`${flag}${value}: the file cannot be read.`, { cause })
  }
}

/** `--set a=1 --set b=x` as an object, typed by the JSON Schema of that object; a dotted name sets a field inside. */
export function assignments(texts: readonly string[], schema: unknown, flag = '--set'): Record<string, unknown> {
  const properties = objectSchema.safeParse(schema).data?.properties ?? {}
  const result: Record<string, unknown> = {}
  const seen = new Set<string>()
  for (const assignment of texts) {
    const [name, value] = pair(assignment, flag)
    if (seen.has(name)) throw new UsageError(`${flag} ${name} is given twice.`)
    seen.add(name)
    const whole = name in properties || !name.includes('.')
    const text = written(value, `${flag} ${name}=`)
    put(result, whole ? [name] : name.split('.'), text === value ? typed(value, properties[name]?.type) : text)
  }
  return result
}

function typed(value: string, type: unknown): unknown {
  if (type === 'string') return value
  try {
    return parse(value)
  } catch {
    return value
  }
}

function put(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name = '', ...rest] = path
  if (rest.length === 0) {
    target[name] = value
    return
  }
  const inner: Record<string, unknown> = {}
  const existing = target[name]
  if (typeof existing === 'object' && existing !== null) Object.assign(inner, existing)
  target[name] = inner
  put(inner, rest, value)
}

const units: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  t: 1e12,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
  ti: 2 ** 40,
}

/** `12`, `64GiB`, `500M`, `unlimited`; what comes out is whole. */
export function amount(text: string, flag: string): number | 'unlimited' {
  if (text === 'unlimited') return text
  const [, number = '', unit = ''] = text.match(/^(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?$/i) ?? []
  const factor = units[unit.toLowerCase()]
  if (number === '' || factor === undefined) {
    throw new UsageError(`${flag}${text}: write a number, a size such as 64GiB, or unlimited.`)
  }
  // Half a byte is a slip of rounding, half a machine a mistake.
  const whole = unit === '' ? Number(number) : Math.round(Number(number) * factor)
  if (Number.isSafeInteger(whole)) return whole
  throw new UsageError(`${flag}${text}: write a whole number below 2^53.`)
}

/** `--limit vm.count=12 --limit vm.memory=64GiB` */
export function limits(texts: readonly string[]): Record<string, number | 'unlimited'> {
  return once(texts, '--limit', (value, key) => {
    const sized = /[a-z]$/i.test(value) && value !== 'unlimited'
    if (sized && !isBytes(key)) throw new UsageError(`--limit ${key}=${value}: it is counted, and has no unit.`)
    return amount(value, `--limit ${key}=`)
  })
}

/** `--label team=a` */
export function labels(texts: readonly string[]): Record<string, string> {
  return once(texts, '--label', (value) => value)
}

/** `name=value` as an object; throws UsageError for a name that is given twice, because one of the two would be lost. */
function once<T>(texts: readonly string[], flag: string, read: (value: string, name: string) => T): Record<string, T> {
  const result = new Map<string, T>()
  for (const text of texts) {
    const [name, value] = pair(text, flag)
    if (result.has(name)) throw new UsageError(`${flag} ${name} is given twice.`)
    result.set(name, read(value, name))
  }
  return Object.fromEntries(result)
}

/** Collects a flag that may be given several times. */
export function several(value: string, before: readonly string[] = []): string[] {
  return [...before, value]
}

const spanUnits: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** ms of `90s`, `30m`, `12h` or `7d`. Throws UsageError. */
export function span(text: string, flag: string): number {
  const [, number, unit] = /^([1-9][0-9]{0,5})([smhd])$/.exec(text) ?? []
  const ms = unit === undefined ? undefined : spanUnits[unit]
  if (number === undefined || ms === undefined)
    throw new UsageError(`${flag} ${text} is no length of time.`, { next: 'e.g. 90s, 30m, 12h or 7d' })
  return Number(number) * ms
}
