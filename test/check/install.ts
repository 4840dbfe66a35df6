// The tools have lockfiles of their own, so that who only runs Gantry or its tests never installs them.

import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execute } from './execute.ts'

const here = import.meta.dirname
const folders = [here, join(here, 'arrow'), join(here, '../openapi-types')]

/** Installs the tools unless they were installed from the very lockfiles that are here now. Throws what npm said. */
export async function ensureTools(): Promise<void> {
  await Promise.all(folders.map(ensure))
}

async function ensure(folder: string): Promise<void> {
  const wanted = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex')
  const stamp = join(folder, 'node_modules', '.gantry-lockfile')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  const { code, output } = await execute('npm', ['ci', '--no-audit', '--no-fund'], folder)
  if (code !== 0) throw new Error(`npm ci in ${folder} failed:\n${output}`)
  writeFileSync(stamp, wanted)
}
