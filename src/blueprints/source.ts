import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import type { Mistake } from './mistake.ts'

// YAML with the positions kept, so that a mistake found anywhere later still points at what its author typed.

export type Path = readonly (string | number)[]

export interface Source {
  readonly value: unknown
  readonly mistakes: readonly Mistake[]
  /** A mistake at the value under `path`, or at its key; falls back to the nearest thing above that exists. */
  mistake(path: Path, message: string, hint?: string, at?: 'value' | 'key'): Mistake
}

/** Reads a YAML file (1.2, no custom tags, no anchors that repeat more than YAML's own limit). */
export function readSource(file: string, text: string): Source {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false })
  const here = (offset: number, pointer: string, message: string, hint?: string): Mistake => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(line, 1), column: Math.max(col, 1), pointer, message, hint }
  }
  const broken = [...document.errors, ...document.warnings].map((error) => here(error.pos[0], '', error.message))
  const source = broken.length > 0 ? { value: undefined, broken } : plainValue()

  function plainValue(): { value: unknown; broken: Mistake[] } {
    try {
      return { value: document.toJS({ maxAliasCount: 100 }), broken: [] }
    } catch (error) {
      return { value: undefined, broken: [here(0, '', error instanceof Error ? error.message : String(error))] }
    }
  }

  function offsetOf(path: Path, at: 'value' | 'key'): number {
    let node: unknown = document.contents
    let offset = startOf(node) ?? 0
    for (const [index, part] of path.entries()) {
      const last = index === path.length - 1
      if (isMap(node)) {
        const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part))
        if (pair === undefined) return offset
        offset = (last && at === 'key' ? startOf(pair.key) : (startOf(pair.value) ?? startOf(pair.key))) ?? offset
        node = pair.value
      } else if (isSeq(node) && typeof part === 'number') {
        node = node.items[part]
        offset = startOf(node) ?? offset
      } else return offset
    }
    return offset
  }

  return {
    value: source.value,
    mistakes: source.broken,
    mistake: (path, message, hint, at = 'value') => here(offsetOf(path, at), pointerOf(path), message, hint),
  }
}

/** RFC 6901. */
export function pointerOf(path: Path): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined
}
