import type { Seams } from '../../../src/kernel/seams.ts'
import { createChance } from '../world/chance.ts'
import { cloudOf } from '../world/cloud.ts'
import { createWorld } from '../world/world.ts'
import { openApi } from './api.ts'
import { openDoors } from './doors.ts'
import { claimAddress, dropAddress, identityIn, readAddressFile, readLayout } from './papers.ts'
import { aliveAddress } from './start.ts'

// A world ends when it is told to, when its folder goes, or when nobody has called for long and it has no machine.

const watchMs = 500
const idleMs = 30 * 60_000

/** Runs the world of `folder` until it ends; returns at once when another process already does. */
export async function runDaemon(folder: string, seams: Seams): Promise<void> {
  const layout = await readLayout(folder)
  const doors = openDoors(seams)
  const world = createWorld(layout, seams, createChance(layout.seed), doors.open)
  doors.serve(world)

  const id = Buffer.from(seams.random.bytes(8)).toString('hex')
  const token = Buffer.from(seams.random.bytes(24)).toString('base64url')
  const identity = await identityIn(folder, `simulated-${id}`)
  const end = new AbortController()
  const stop = (): void => end.abort(new Error('told to end'))
  // Whoever comes after the answer to a shutdown must not find the way to a world that is ending.
  let found = true
  const vanish = async (): Promise<void> => {
    if (found) await dropAddress(folder, addressAt(api.port), id).catch(() => {})
    found = false
  }
  const shutdown = async (): Promise<void> => {
    await vanish()
    stop()
  }
  const addressAt = (port: number) => ({ id, token, port, pid: process.pid })
  const api = await openApi({ id, token, world, cloud: cloudOf(world, identity), shutdown })
  const address = addressAt(api.port)
  while (!(await claimAddress(folder, address))) {
    // Somebody was quicker, or a dead one's paper is in the way, which this removes.
    if ((await aliveAddress(folder)) !== null) return
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  say(seams, `world ${id} answers on port ${api.port}`)

  while (!end.signal.aborted) {
    await seams.clock.sleep(watchMs, end.signal).catch(() => {})
    const paper = await readAddressFile(folder).catch(() => null)
    const idle = seams.clock.now() - api.lastCallAt() > idleMs && world.living().length === 0
    if (paper?.id !== id || idle) stop()
  }
  say(seams, `world ${id} ends`)
  await vanish()
  await api.close()
  doors.close()
}

function say(seams: Seams, text: string): void {
  process.stdout.write(`${new Date(seams.clock.now()).toISOString()} ${text}\n`)
}
