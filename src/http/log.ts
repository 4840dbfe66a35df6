// One line per record. What a person reads is for them, what a machine collects is JSON; both say the same.

export type LogLevel = 'info' | 'warn' | 'error'
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>
export type Log = (level: LogLevel, message: string, fields?: LogFields, error?: unknown) => void
