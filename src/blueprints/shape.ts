import type { z } from 'zod'
import { type BlueprintDocument, documentSchema } from './document.ts'
import { parameterTypes } from './language/parameter.ts'
import type { Mistake } from './mistake.ts'
import type { Path, Source } from './source.ts'
import { didYouMean } from './suggest.ts'

// zod says which rule was broken; an author wants to know which word is wrong. This is the translation.

type Issue = z.core.$ZodIssue

/** The document, if it has the shape of one. */
export function readDocument(source: Source): { document: BlueprintDocument | null; mistakes: readonly Mistake[] } {
  if (source.mistakes.length > 0) return { document: null, mistakes: source.mistakes }
  const parsed = documentSchema.safeParse(source.value)
  if (parsed.success) return { document: parsed.data, mistakes: [] }
  return { document: null, mistakes: parsed.error.issues.flatMap((issue) => explain(source, issue, [])) }
}

function explain(source: Source, issue: Issue, above: Path): Mistake[] {
  const path = [...above, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))]
  const name = String(path.at(-1) ?? 'the blueprint')
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) =>
        source.mistake([...path, key], `${key} is not known here.`, hintFor(key, path) ?? elsewhere, 'key'),
      )
    case 'invalid_union':
      if (issue.errors.length > 0) return nearest(issue.errors).flatMap((inner) => explain(source, inner, path))
      // The one union told apart by a word is that of parameters by their type.
      return [
        source.mistake(
          path,
          `${name} must be ${parameterTypes.join(' or ')}.`,
          valueHint(source, path, parameterTypes) ?? given(source, path),
        ),
      ]
    case 'invalid_key':
      return [
        source.mistake(
          path,
          `${name} cannot be a name here.`,
          issue.issues.map((inner) => inner.message).join(' '),
          'key',
        ),
      ]
    case 'invalid_value':
      return [
        source.mistake(
          path,
          `${name} must be ${issue.values.map(String).join(' or ')}.`,
          valueHint(source, path, issue.values) ?? given(source, path),
        ),
      ]
    case 'invalid_format':
      return [source.mistake(path, `${name} does not have the form it must have.`, issue.message)]
    case 'invalid_type':
      return [
        source.mistake(
          path,
          missing(source, path) ? `${name} is missing.` : `${name} must be ${nouns[issue.expected] ?? issue.expected}.`,
          missing(source, path) ? `Add ${name}.` : given(source, path),
        ),
      ]
    case 'too_big':
      return [source.mistake(path, `${name} is too large: at most ${issue.maximum}.`, given(source, path))]
    case 'too_small':
      return [source.mistake(path, `${name} is too small: at least ${issue.minimum}.`, given(source, path))]
    default:
      return [source.mistake(path, `${name}: ${issue.message}.`, given(source, path))]
  }
}

/** The alternative of a union that the author most likely meant: the one whose mistakes lie deepest, then the fewest. */
function nearest(alternatives: readonly (readonly Issue[])[]): readonly Issue[] {
  const rank = (issues: readonly Issue[]): number => {
    const depth = Math.max(0, ...issues.map((issue) => issue.path.length))
    const sameKind = issues.some((issue) => issue.code === 'invalid_type' && issue.path.length === 0) ? 0 : 1
    return sameKind * 1000 + depth * 10 - issues.length
  }
  return [...alternatives].sort((a, b) => rank(b) - rank(a))[0] ?? []
}

const nouns: Readonly<Record<string, string>> = {
  string: 'a text; quote it if it looks like a number',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list: [ ... ]',
  object: 'a mapping: { ... }',
  record: 'a mapping: { ... }',
}

const words = [
  ...[
    'name',
    'version',
    'description',
    'parameters',
    'groups',
    'steps',
    'leave',
    'drain',
    'return',
    'health',
    'update',
  ],
  ...['operations', 'notice', 'dynamic', 'return'],
  ...[
    'on',
    'except',
    'when',
    'once',
    'fresh',
    'needs',
    'run',
    'with',
    'using',
    'deadline',
    'attempts',
    'onLost',
    'verify',
  ],
  ...['onTimeout', 'external', 'every', 'gate', 'passes', 'platform', 'count', 'flavor', 'image', 'spread', 'quorum'],
  ...['type', 'default', 'enum', 'minimum', 'maximum', 'pattern', 'maxLength', 'host', 'zone', 'step', 'of', 'from'],
  ...['choose', 'by', 'cases', 'otherwise', 'param', 'value', 'eq', 'in', 'gt', 'and', 'or', 'not', 'strategy'],
  ...['canaries', 'maxInFlight', 'order', 'stopOnFailure', 'healthGate', 'keepWarm', 'mode', 'outputs'],
]

function hintFor(key: string, path: Path): string | undefined {
  if (key === 'with') return 'What runs here is not compared with its last run. Write using.'
  if (key === 'onlost' || key === 'ontimeout') return didYouMean(key, words)
  const near = didYouMean(key, words)
  return near === `Did you mean ${key}?` ? `It belongs elsewhere than in ${path.at(-1) ?? 'the blueprint'}.` : near
}

function valueHint(source: Source, path: Path, allowed: readonly unknown[]): string | undefined {
  const given = valueAt(source, path)
  return typeof given === 'string' ? didYouMean(given, allowed.map(String)) : undefined
}

const elsewhere = 'Take it away; blueprints/README.md says what there is.'

/** What its author wrote, as far as that fits a line. */
function given(source: Source, path: Path): string {
  const text = JSON.stringify(valueAt(source, path)) ?? 'nothing'
  return `It is ${text.length > 60 ? `${text.slice(0, 57)}...` : text}.`
}

function missing(source: Source, path: Path): boolean {
  return valueAt(source, path) === undefined
}

function valueAt(source: Source, path: Path): unknown {
  let value = source.value
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = Object.getOwnPropertyDescriptor(value, part)?.value
  }
  return value
}
