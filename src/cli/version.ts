import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

/** The version of this installation; package.json lies above src/ in a clone and in the package alike. */
export function installedVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'))
  return z.object({ version: z.string() }).parse(manifest).version
}
