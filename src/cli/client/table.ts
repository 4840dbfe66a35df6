// Tables for eyes: aligned columns, nothing drawn between them, so that they can also be cut and pasted.

import { type Paint, pad, tame, width } from './text.ts'

export type Cell = string | number | boolean | null | undefined

/** Lines of a table; an absent value shows as a dash. Numbers stand to the right when a whole column is numbers. */
export function table(headings: readonly string[], rows: readonly (readonly Cell[])[], paint: Paint): string[] {
  const shown = rows.map((row) =>
    row.map((cell) => (cell === null || cell === undefined || cell === '' ? '-' : tame(String(cell)))),
  )
  const widths = headings.map((heading, i) => Math.max(width(heading), ...shown.map((row) => width(row[i] ?? ''))))
  const right = headings.map((_, i) => rows.length > 0 && rows.every((row) => typeof row[i] === 'number'))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (right[i] ? cell.padStart(widths[i] ?? 0) : pad(cell, widths[i] ?? 0)))
      .join('  ')
      .trimEnd()
  return [paint('quiet', line(headings)), ...shown.map(line)]
}

/** Lines of `name  value`, the values under each other; values that are absent are left out. */
export function facts(pairs: readonly (readonly [name: string, value: Cell])[], paint: Paint): string[] {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== '')
  const names = Math.max(0, ...shown.map(([name]) => width(name)))
  return shown.map(([name, value]) => `  ${paint('quiet', pad(name, names))}  ${tame(String(value))}`)
}
