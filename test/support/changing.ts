// A change of a platform as a request makes it, for tests that live without HTTP.

import type { BlueprintFiles } from '../../src/blueprints/index.ts'
import type { PlatformId } from '../../src/kernel/ids.ts'
import { addBlueprint } from '../../src/resources/blueprints/store.ts'
import { type ChangeWish, decideChange, requestChange } from '../../src/resources/platforms/changing.ts'
import { getPlatform } from '../../src/resources/platforms/store.ts'
import type { Process } from '../crash/process.ts'

/** Asks for the change; answers its task, null when there is nothing to do. */
export function askChange(gantry: Process, id: PlatformId, wish: ChangeWish) {
  return gantry.request(id, async (tx, scope) => {
    const row = await getPlatform(tx, scope, id)
    return requestChange(gantry, tx, scope, row, wish)
  })
}

/** What it would do. */
export function lookAtChange(gantry: Process, id: PlatformId, wish: ChangeWish) {
  return gantry.request(id, async (tx, scope) =>
    decideChange(gantry, tx, scope, await getPlatform(tx, scope, id), wish),
  )
}

/** Keeps another version of a blueprint: its document's text and scripts changed by `edit`. */
export async function publish(
  gantry: Process,
  files: BlueprintFiles,
  version: string,
  edit: (path: string, text: string) => string,
): Promise<string> {
  const edited = Object.fromEntries(
    Object.entries(files).map(([path, text]) => {
      const numbered = path === 'blueprint.yaml' ? text.replace(/^version: .*$/m, `version: ${version}`) : text
      return [path, edit(path, numbered)]
    }),
  )
  const { row } = await gantry.store.write((tx) => addBlueprint(tx, { actor: 'test' }, gantry.seams, edited))
  return `${row.name}@${row.blueprint_version}`
}
