import { Refusal } from '../../swarm/refusal.ts'

// Go templates, as far as `docker --format` is used with them: fields, json, if, range, eq, len, index.

export type Data = null | boolean | number | string | readonly Data[] | { readonly [key: string]: Data }

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly words: readonly string[] }
  | {
      readonly kind: 'if'
      readonly words: readonly string[]
      readonly yes: readonly Part[]
      readonly no: readonly Part[]
    }
  | { readonly kind: 'range'; readonly words: readonly string[]; readonly body: readonly Part[] }

/** Fills `template` with `data`. Throws Refusal with Docker's words for a field that is not there. */
export function fill(template: string, data: Data): string {
  const tokens = template.split(/(\{\{-?.*?-?\}\})/s)
  const { parts } = parse(tokens, 0)
  return render(parts, data)
}

/** Column titles of a `table` template, or null when it is none. */
export function tableOf(format: string): { readonly row: string; readonly titles: string } | null {
  if (!format.startsWith('table ')) return null
  const row = unescaped(format.slice('table '.length))
  const titles = row.replace(/\{\{\s*\.(\w+)\s*\}\}/g, (_, field: string) =>
    field.replace(/([a-z])([A-Z])/g, '$1 $2').toUpperCase(),
  )
  return { row, titles }
}

export function unescaped(format: string): string {
  return format.replaceAll('\\t', '\t').replaceAll('\\n', '\n')
}

function parse(tokens: readonly string[], from: number): { parts: Part[]; next: number; end: string } {
  const parts: Part[] = []
  for (let i = from; i < tokens.length; i++) {
    const token = tokens[i] ?? ''
    const action = /^\{\{-?\s*(.*?)\s*-?\}\}$/s.exec(token)?.[1]
    if (action === undefined) {
      if (token !== '') parts.push({ kind: 'text', text: token })
      continue
    }
    const words = action.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? []
    const [first = '', ...rest] = words
    if (first === 'end' || first === 'else') return { parts, next: i, end: first }
    if (first === 'if') {
      const yes = parse(tokens, i + 1)
      const no = yes.end === 'else' ? parse(tokens, yes.next + 1) : { parts: [], next: yes.next }
      parts.push({ kind: 'if', words: rest, yes: yes.parts, no: no.parts })
      i = no.next
    } else if (first === 'range') {
      const body = parse(tokens, i + 1)
      parts.push({ kind: 'range', words: rest, body: body.parts })
      i = body.next
    } else parts.push({ kind: 'value', words })
  }
  return { parts, next: tokens.length, end: '' }
}

function render(parts: readonly Part[], data: Data): string {
  return parts.map((part) => renderPart(part, data)).join('')
}

function renderPart(part: Part, data: Data): string {
  switch (part.kind) {
    case 'text':
      return part.text
    case 'value':
      return show(evaluate(part.words, data))
    case 'if':
      return render(truthy(evaluate(part.words, data)) ? part.yes : part.no, data)
    case 'range': {
      const value = evaluate(part.words, data)
      const items = isList(value) ? value : value !== null && typeof value === 'object' ? Object.values(value) : []
      return items.map((item) => render(part.body, item)).join('')
    }
  }
}

function evaluate(words: readonly string[], data: Data): Data {
  const [first = '', ...rest] = words
  const values = (): Data[] => rest.map((word) => operand(word, data))
  switch (first) {
    case 'json':
      return JSON.stringify(values()[0] ?? null)
    case 'println':
      return `${values().map(show).join(' ')}\n`
    case 'len': {
      const [value] = values()
      return typeof value === 'string' || isList(value) ? value.length : Object.keys(Object(value)).length
    }
    case 'not':
      return !truthy(values()[0] ?? null)
    case 'eq': {
      const [left, ...others] = values()
      return others.some((other) => other === left)
    }
    case 'ne': {
      const [left, right] = values()
      return left !== right
    }
    case 'index': {
      const [value, key] = values()
      if (isList(value)) return value[Number(key)] ?? null
      return value !== null && typeof value === 'object' && value !== undefined ? (value[String(key)] ?? null) : null
    }
    default:
      return operand(first, data)
  }
}

function operand(word: string, data: Data): Data {
  if (word.startsWith('"')) return word.slice(1, -1)
  if (/^\d+$/.test(word)) return Number(word)
  if (word === 'true' || word === 'false') return word === 'true'
  if (word === '.') return data
  if (!word.startsWith('.')) throw new Refusal(`template parsing error: template: :1: function "${word}" not defined`)
  let value: Data = data
  for (const field of word.slice(1).split('.')) {
    if (value === null) throw new Refusal(failure(word, `nil pointer evaluating *.${field}`))
    if (typeof value !== 'object' || isList(value) || !(field in value))
      throw new Refusal(failure(word, `can't evaluate field ${field}`))
    value = value[field] ?? null
  }
  return value
}

function failure(word: string, why: string): string {
  return `template: :1:2: executing "" at <${word}>: ${why}`
}

function isList(value: Data | undefined): value is readonly Data[] {
  return Array.isArray(value)
}

function truthy(value: Data): boolean {
  return isList(value) ? value.length > 0 : value !== null && value !== false && value !== 0 && value !== ''
}

function show(value: Data): string {
  if (value === null) return '<nil>'
  if (isList(value)) return `[${value.map(show).join(' ')}]`
  if (typeof value === 'object')
    return `map[${Object.entries(value)
      .map(([key, item]) => `${key}:${show(item)}`)
      .join(' ')}]`
  return String(value)
}
