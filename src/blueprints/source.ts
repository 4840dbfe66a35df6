import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml'
import type { Mistake } from './mistake.ts'

// YAML with the positions kept, so that a mistake found anywhere later still points at what its author typed.

export type Path = readonly (string | number)[]

export interface Source {
  readonly value: unknown
  readonly mistakes: readonly Mistake[]
  /** A mistake at the value under `path`, or at its key; falls back to the nearest thing above that exists. */
  mistake(path: Path, message: string, hint: string, at?: 'value' | 'key'): Mistake
}

/** What is meant where YAML itself is broken, by the parser's code (eemeli.org/yaml, Errors). */
const yamlHints: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'Indent with spaces; YAML takes no tabs there.',
  DUPLICATE_KEY: 'Each key stands once: put both under one of them.',
  BAD_INDENT: 'What belongs together begins in the same column.',
  MISSING_CHAR: 'Something is not closed: a quote, a bracket or a brace; or a colon is missing.',
  MULTIPLE_DOCS: 'A blueprint is one document: take away the line with --- and what follows it.',
  UNEXPECTED_TOKEN: 'Quote a text that begins with a sign of YAML, or holds ": " or " #".',
  BLOCK_AS_IMPLICIT_KEY: 'Two things stand on one line: break the line, or quote the text.',
  MULTILINE_IMPLICIT_KEY: 'A key stands on one line, and its colon follows it.',
  BAD_ALIAS: 'Write it out; *name repeats only what &name has marked before.',
  TAG_RESOLVE_FAILED: 'Take the tag (!...) away; a blueprint is plain data.',
}
const usualHint = 'Compare with an example in blueprints/README.md; quote texts that hold signs of YAML.'

/** The parser's words, but for advice that is meant for programs. */
function saidOf(code: string, message: string): string {
  return code === 'MULTIPLE_DOCS' ? 'The file holds more than one document.' : message
}

/** Reads a YAML file (1.2, no custom tags, no anchors that repeat more than YAML's own limit). */
export function readSource(file: string, text: string): Source {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false })
  const here = (offset: number, pointer: string, message: string, hint: string): Mistake => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(line, 1), column: Math.max(col, 1), pointer, message, hint }
  }
  const broken = [...document.errors, ...document.warnings].map((error) =>
    here(error.pos[0], '', saidOf(error.code, error.message), yamlHints[error.code] ?? usualHint),
  )
  visit(document, {
    Pair(_, { key }) {
      if (isScalar(key) && key.value === '__proto__')
        broken.push(here(startOf(key) ?? 0, '', '__proto__ cannot be a name.', 'Choose another one.'))
    },
  })
  const source = broken.length > 0 ? { value: undefined, broken } : plainValue()

  function plainValue(): { value: unknown; broken: Mistake[] } {
    try {
      return { value: document.toJS({ maxAliasCount: 100 }), broken: [] }
    } catch (error) {
      return {
        value: undefined,
        broken: [here(0, '', error instanceof Error ? error.message : String(error), usualHint)],
      }
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
