import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BlueprintFiles } from './files.ts'

/** blueprint.yaml and scripts/ of a folder, for parseBlueprint. A file that is missing is missing in the answer. */
export async function loadBlueprintFolder(folder: string): Promise<BlueprintFiles> {
  const files: Record<string, string> = {}
  const paths = ['blueprint.yaml', ...(await namesIn(join(folder, 'scripts'))).map((name) => `scripts/${name}`)]
  for (const path of paths) {
    const text = await readFile(join(folder, path), 'utf8').catch(absentIsUndefined)
    if (text !== undefined) files[path] = text
  }
  return files
}

async function namesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(absentIsUndefined)
  return (entries ?? [])
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
    .sort()
}

function absentIsUndefined(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
  throw error
}
