import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { fieldErrors } from '../http/parse.ts'
import { inWords } from '../http/words.ts'
import { ProblemError } from '../kernel/problem.ts'
import { sentence } from '../kernel/sentence.ts'
import { type Config, configSchema } from './config.ts'

/** The configuration of a YAML file, or the built-in one. Throws invalid_request, naming file and fields. */
export function readConfig(path: string | undefined): Config {
  if (path === undefined) return configSchema.parse({})
  const parsed = configSchema.safeParse(load(path) ?? {}, { error: inWords })
  if (parsed.success) return parsed.data
  const errors = fieldErrors(configSchema, parsed.error.issues, '')
  throw refused(path, errors.map((error) => `${error.pointer || '/'}: ${error.detail}`).join('; '))
}

function load(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8'))
  } catch (error) {
    // The parser draws the place under its message; the message names line and column already.
    const [why = ''] = String(error instanceof Error ? error.message : error).split('\n')
    throw refused(path, why.replace(/:$/, ''), error)
  }
}

function refused(path: string, why: string, cause?: unknown): ProblemError {
  return new ProblemError(
    {
      code: 'invalid_request',
      detail: sentence(`The configuration ${path} cannot be used: ${why}`),
      next: 'Correct the file; src/resources/config.ts says what it may hold.',
    },
    { cause },
  )
}
