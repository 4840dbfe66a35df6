// Blueprints that come with Gantry are uploaded at every start, like anybody's: an older version that platforms pin
// stays beside the new one.

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type BlueprintFiles, loadBlueprintFolder } from '../../blueprints/index.ts'
import { ProblemError } from '../../kernel/problem.ts'
import type { Rooms } from '../rooms.ts'
import { addBlueprint } from './store.ts'

/** Adds every blueprint below `folder` that is not there yet. */
export async function addShippedBlueprints(
  rooms: Pick<Rooms, 'store' | 'seams' | 'log'>,
  folder: string,
): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true })
  const folders = entries.filter((candidate) => candidate.isDirectory()).map((entry) => entry.name)
  await Promise.all(folders.map((name) => addShipped(rooms, name, join(folder, name))))
}

async function addShipped(rooms: Pick<Rooms, 'store' | 'seams' | 'log'>, name: string, folder: string): Promise<void> {
  const files = await loadBlueprintFolder(folder)
  if (await isStored(rooms, files)) return
  try {
    await rooms.store.write((tx) => addBlueprint(tx, { actor: 'gantry' }, rooms.seams, files))
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    rooms.log('warn', `the shipped blueprint ${name} was not added: ${error.detail}`)
  }
}

/** Whether these very files were uploaded before: checking them again would tell a restart nothing and take its time. */
async function isStored({ store }: Pick<Rooms, 'store'>, files: BlueprintFiles): Promise<boolean> {
  const same = store.read.selectFrom('blueprints').select('digest').where('files', '=', JSON.stringify(files))
  return (await same.executeTakeFirst()) !== undefined
}
