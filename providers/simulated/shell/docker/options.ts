import { Refusal } from '../../swarm/refusal.ts'

// Flags as Docker's command line takes them: `--flag value`, `--flag=value`, short ones, words in between.

export interface Options {
  readonly words: readonly string[]
  has(flag: string): boolean
  value(flag: string): string | undefined
  values(flag: string): readonly string[]
}

/** `flags` maps every accepted flag (`-q`, `--quiet`) to its name; a name ending in `=` takes a value. Throws Refusal. */
export function readOptions(args: readonly string[], flags: Readonly<Record<string, string>>): Options {
  const words: string[] = []
  const found = new Map<string, string[]>()
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    if (!arg.startsWith('-') || arg === '-') {
      words.push(arg)
      continue
    }
    const equals = arg.indexOf('=')
    const flag = equals < 0 ? arg : arg.slice(0, equals)
    const name = flags[flag]
    if (name === undefined) throw new Refusal(`unknown flag: ${flag}`)
    const key = name.replace(/=$/, '')
    const value = name.endsWith('=') ? (equals < 0 ? (args[++i] ?? '') : arg.slice(equals + 1)) : arg.slice(equals + 1)
    found.set(key, [...(found.get(key) ?? []), equals < 0 && !name.endsWith('=') ? 'true' : value])
  }
  return {
    words,
    has: (flag) => found.has(flag) && found.get(flag)?.at(-1) !== 'false',
    value: (flag) => found.get(flag)?.at(-1),
    values: (flag) => found.get(flag) ?? [],
  }
}

/** Lines of a table with columns as wide as Docker makes them. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd((widths[column] ?? 0) + 3))
      .join('')
      .trimEnd()
  return rows.map((row) => `${line(row)}\n`).join('')
}
