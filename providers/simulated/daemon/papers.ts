import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder } from '../../../src/kernel/folder.ts'
import { type WorldLayout, worldLayout } from '../world/layout.ts'
import { type WorldAddress, worldAddress } from './protocol.ts'

// What lies in a world's folder: world.json (how it is made), identity (who it is) and daemon.json (where its process
// answers). They appear complete or not at all, by a hard link that only the first one gets.

export function addressFile(folder: string): string {
  return join(folder, 'daemon.json')
}

/** Makes the folder, for its owner alone, and writes the layout unless somebody has. */
export async function writeLayout(folder: string, layout: WorldLayout): Promise<void> {
  makeFolder(folder)
  await putOnce(join(folder, 'world.json'), JSON.stringify(layout, null, 2), 'layout')
}

export async function readLayout(folder: string): Promise<WorldLayout> {
  return worldLayout.parse(JSON.parse(await readFile(join(folder, 'world.json'), 'utf8')))
}

/**
 * Who the world of the folder is: as old as the folder, and not as its process. One that ended is like a host that lost
 * its machines, and that is to be noticed; a folder that was made anew is another server.
 */
export async function identityIn(folder: string, fresh: string): Promise<string> {
  const path = join(folder, 'identity')
  await putOnce(path, fresh, 'identity')
  return (await readFile(path, 'utf8')).trim()
}

/** The address in the folder, or null when there is none. */
export async function readAddressFile(folder: string): Promise<WorldAddress | null> {
  try {
    return worldAddress.parse(JSON.parse(await readFile(addressFile(folder), 'utf8')))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** False when another address is there already. */
export function claimAddress(folder: string, address: WorldAddress): Promise<boolean> {
  return putOnce(addressFile(folder), JSON.stringify(address), address.id)
}

/** Removes the address of a process that is dead; one that took its place meanwhile is put back. */
export async function dropAddress(folder: string, dead: WorldAddress, unique: string): Promise<void> {
  const aside = `${addressFile(folder)}.${unique}`
  try {
    await rename(addressFile(folder), aside)
    const moved = worldAddress.parse(JSON.parse(await readFile(aside, 'utf8')))
    if (moved.id !== dead.id) await link(aside, addressFile(folder))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EEXIST')))
      throw error
  } finally {
    await rm(aside, { force: true })
  }
}

let drafts = 0

async function putOnce(path: string, text: string, unique: string): Promise<boolean> {
  // Two callers of one process may come at once: whoever is done first must not take the other's draft away.
  const draft = `${path}.${unique}.${process.pid}.${++drafts}`
  await writeFile(draft, text, { mode: 0o600 })
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  } finally {
    await rm(draft, { force: true })
  }
}
