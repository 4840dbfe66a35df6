// One line per record. What a person reads is for them, what a machine collects is JSON; both say the same.

export type LogLevel = 'info' | 'warn' | 'error'
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>
export type Log = (level: LogLevel, message: string, fields?: LogFields, error?: unknown) => void

export interface LogTarget {
  write(line: string): unknown
  readonly isTTY?: boolean | undefined
}

/** Writes records to `target`: for a terminal as text, otherwise as JSON. `now` in ms since 1970. */
export function lineLog(target: LogTarget, now: () => number): Log {
  return (level, message, fields = {}, error) => {
    const at = new Date(now()).toISOString()
    const line = target.isTTY
      ? [at.slice(11, 23), level === 'info' ? '' : level.toUpperCase(), message, ...pairs(fields), causes(error)]
          .filter((part) => part !== '')
          .join(' ')
      : JSON.stringify({ at, level, message, ...fields, ...(error === undefined ? {} : { error: causes(error) }) })
    target.write(`${line.replaceAll('\n', '\\n')}\n`)
  }
}

function pairs(fields: LogFields): string[] {
  return Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
}

/** The error and what caused it, with the stack of the innermost: the rest of the way is in the messages. */
function causes(error: unknown): string {
  if (error === undefined) return ''
  if (!(error instanceof Error)) return String(error)
  if (error.cause === undefined) return error.stack ?? error.message
  return `${error.name}: ${error.message}; caused by ${causes(error.cause)}`
}
