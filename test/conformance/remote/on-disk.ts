// Whether a machine kept something it should not have.

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Whether a file in the folder, or below it, contains the text. A file that is renamed while this reads could be missed
 * under both names, so then all is read again.
 */
export async function isOnDisk(folder: string, text: string): Promise<boolean> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  try {
    for (const entry of entries.filter((each) => each.isFile()))
      if ((await readFile(join(entry.parentPath, entry.name))).includes(text)) return true
    return false
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return isOnDisk(folder, text)
    throw error
  }
}
