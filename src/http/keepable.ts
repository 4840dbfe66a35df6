// JSON and URLs can carry what no database keeps as it was: PostgreSQL has no NUL, UTF-8 no half of a surrogate pair,
// and an object no field called __proto__. Taken, it would be changed or dropped without a word.

import { invalidFields, pointerToken } from './fields.ts'

const deepest = 64

/** Throws invalid_request for the first place of parsed JSON (or of a query) that could not be kept as it is. */
export function refuseUnkeepable(root: unknown, where: '' | '/query' = ''): void {
  const open: [value: unknown, pointer: string, depth: number][] = [[root, where, 0]]
  for (let next = open.pop(); next; next = open.pop()) {
    const [value, pointer, depth] = next
    if (typeof value === 'string') refuseText(value, pointer)
    else if (typeof value === 'number' && !Number.isFinite(value))
      throw refused(pointer, 'is larger than a number can be')
    else if (typeof value === 'object' && value !== null) {
      if (depth === deepest) throw refused(pointer, `is nested more than ${deepest} levels deep`)
      for (const [key, inner] of Object.entries(value)) {
        refuseText(key, pointer)
        if (key === '__proto__') throw refused(`${pointer}/__proto__`, 'is no name a field can have')
        open.push([inner, pointer + pointerToken(key), depth + 1])
      }
    }
  }
}

function refuseText(text: string, pointer: string): void {
  if (text.includes('\0')) throw refused(pointer, 'holds a NUL character')
  if (!text.isWellFormed()) throw refused(pointer, 'holds half of a surrogate pair, which is no Unicode text')
}

function refused(pointer: string, detail: string) {
  return invalidFields([{ pointer, detail }])
}
