import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Seams } from '../../../src/kernel/seams.ts'
import { ProviderFault } from '../../../src/provider/fault.ts'
import type { WorldLayout } from '../world/layout.ts'
import { callerOf } from './client.ts'
import { dropAddress, readAddressFile, writeLayout } from './papers.ts'
import type { WorldAddress } from './protocol.ts'

// A world is found by its folder. Whoever comes first starts its process and does not own it: it goes on when
// Gantry ends, as real machines do.

const patienceMs = 20_000

/**
 * The address of the world in `folder`, started if none is alive. Throws ProviderFault `rejected` for a folder that
 * cannot be used, `transient` for a world that does not start.
 */
export async function openWorld(folder: string, layout: WorldLayout, seams: Seams): Promise<WorldAddress> {
  const known = await aliveAddress(folder)
  if (known !== null) return known
  const ended = await start(folder, layout)
  const until = seams.clock.now() + patienceMs
  for (let nap = 20; seams.clock.now() < until && !ended.aborted; nap = Math.min(nap * 1.5, 250)) {
    await seams.clock.sleep(nap, ended).catch(() => undefined)
    const address = await aliveAddress(folder)
    if (address !== null) return address
  }
  const quicker = await aliveAddress(folder)
  if (quicker !== null) return quicker
  throw new ProviderFault(
    { kind: 'transient', outcome: 'none' },
    `the simulated world in ${folder} did not start; see its daemon.log`,
  )
}

/** Ends the world in `folder` with all its machines; a world that is not there is ended already. */
export async function stopWorld(folder: string): Promise<void> {
  const address = await readAddressFile(folder)
  if (address === null) return
  const caller = callerOf(address)
  try {
    await caller.call('shutdown', {})
  } catch (error) {
    // It ended before it could answer, or was dead before we asked.
    if (!(error instanceof ProviderFault && error.kind === 'transient')) throw error
  } finally {
    await caller.close()
  }
}

/** The address in the folder of a living world. Throws ProviderFault `transient` when there is none. */
export async function readAddress(folder: string): Promise<WorldAddress> {
  const address = await aliveAddress(folder)
  if (address !== null) return address
  throw new ProviderFault({ kind: 'transient', outcome: 'none' }, `no simulated world is alive in ${folder}`)
}

/** The address in the folder if the process that wrote it still answers; what a dead one left is removed. */
export async function aliveAddress(folder: string): Promise<WorldAddress | null> {
  const address = await readAddressFile(folder)
  if (address === null) return null
  const caller = callerOf(address)
  try {
    const { id } = await caller.call('hello', {})
    if (id === address.id) return address
  } catch (error) {
    // Another program may listen on the port of a dead world, and it refuses our token or breaks.
    if (!(error instanceof ProviderFault)) throw error
  } finally {
    await caller.close()
  }
  await dropAddress(folder, address, `${address.id}.${process.pid}`)
  return null
}

/** Writes the layout and starts the process; a process that ends before it answers will not answer. */
async function start(folder: string, layout: WorldLayout): Promise<AbortSignal> {
  try {
    await writeLayout(folder, layout)
    return startProcess(folder)
  } catch (cause) {
    throw unusable(folder, cause)
  }
}

function unusable(folder: string, cause: unknown): ProviderFault {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new ProviderFault({ kind: 'rejected', outcome: 'none' }, `its folder ${folder} cannot be used: ${why}`, {
    cause,
  })
}

/** Answers a signal that aborts when the process has ended: its folder went, or somebody else was quicker. */
function startProcess(folder: string): AbortSignal {
  const ended = new AbortController()
  const here = fileURLToPath(import.meta.url)
  const main = fileURLToPath(new URL(`./main${extname(here)}`, import.meta.url))
  const log = openSync(join(folder, 'daemon.log'), 'a', 0o600)
  const child = spawn(process.execPath, [main, folder], { detached: true, stdio: ['ignore', log, log], cwd: '/' })
  child.once('exit', () => ended.abort())
  child.once('error', () => ended.abort())
  child.unref()
  closeSync(log)
  return ended.signal
}
