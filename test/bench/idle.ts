// What 10,000 platforms cost that nobody touches: the whole process at rest, and a scan of their 50,000 machines, of
// which none changed. The provider is in this process and answers at once, so its part is counted in.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { type Gantry, startGantry } from '../../src/app.ts'
import { realSeams } from '../../src/kernel/real-seams.ts'
import type { Session } from '../../src/provider/contract.ts'
import type { Kinds } from '../../src/provider/registry.ts'
import { configSchema } from '../../src/resources/config.ts'
import { openStore } from '../../src/store/open.ts'
import { idleSession, machinesEach, seedIdle } from '../support/idle-platforms.ts'
import { type Spread, spreadOf } from './figures.ts'
import { instantRemote } from './instant.ts'

export interface IdleRow {
  readonly machines: number
  /** CPU-ms of the process per second at rest, between scans. */
  readonly restMs: number
  /** CPU-ms of the first scan, which looks into everything, and of those after it. */
  readonly first: { readonly list: number; readonly pages: number }
  readonly scan: { readonly list: Spread; readonly pages: Spread }
}

const platforms = 10_000
const restS = 10

export async function idleRow(rounds: number): Promise<IdleRow> {
  const list = await measured('list', rounds)
  const pages = await measured('pages', rounds)
  return {
    machines: platforms * machinesEach,
    restMs: Math.max(list.restMs, pages.restMs),
    first: { list: list.first, pages: pages.first },
    scan: { list: spreadOf(list.scans), pages: spreadOf(pages.scans) },
  }
}

async function measured(by: 'list' | 'pages', rounds: number) {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-bench-'))
  const database = `sqlite:${join(folder, 'gantry.db')}`
  try {
    const gantry = await startIdle(database, by)
    try {
      const first = await scanMs(gantry)
      const before = cpuMs()
      await new Promise((resolve) => setTimeout(resolve, restS * 1_000))
      const restMs = (cpuMs() - before) / restS
      const scans: number[] = []
      for (let round = 0; round < rounds; round++) scans.push(await scanMs(gantry))
      return { first, restMs, scans }
    } finally {
      await gantry.close()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function startIdle(database: string, by: 'list' | 'pages'): Promise<Gantry> {
  const seams = realSeams()
  const store = await openStore(database, seams, { synchronous: 'OFF' })
  const { machines } = await seedIdle(store, seams, platforms)
  await store[Symbol.asyncDispose]()
  return startGantry({
    database,
    masterKey: new Uint8Array(32).fill(7),
    listen: { host: '127.0.0.1', port: 0 },
    config: configSchema.parse({}),
    version: 'bench',
    kinds: kindsOver(idleSession(machines, by)),
    blueprints: null,
    seams,
    log: () => {},
    remote: instantRemote(),
    // By itself it scans later than this row lasts.
    scanEveryMs: 3_600_000,
  })
}

function kindsOver(session: Session): Kinds {
  const kind = {
    kind: 'simulated',
    simulated: true,
    config: z.unknown(),
    machineSpec: z.unknown(),
    connect: async () => session,
  }
  return { names: ['simulated'], get: async (name) => (name === 'simulated' ? kind : undefined) }
}

async function scanMs(gantry: Gantry): Promise<number> {
  const before = cpuMs()
  await gantry.care.scanNow()
  return cpuMs() - before
}

/** CPU-milliseconds of this process so far. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}
