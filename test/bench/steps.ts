// Durable steps: each is recorded before it starts and when it is done, with its events, in a file with
// synchronous=FULL. Provider and machines cost nothing here, so this is the pace of engine and store.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGantry } from '../../src/app.ts'
import { apiOf } from '../../src/cli/client/api.ts'
import { realSeams } from '../../src/kernel/real-seams.ts'
import { configSchema } from '../../src/resources/config.ts'
import { type Spread, spreadOf } from './figures.ts'
import { instantKinds, instantRemote } from './instant.ts'
import { giveQuota } from './stage.ts'
import { watchPlatforms } from './watch.ts'

export interface StepsRow {
  /** Steps done per second of wall clock. */
  readonly perSecond: Spread
  /** CPU-milliseconds of the whole process per step. */
  readonly cpuMs: Spread
}

const platforms = 20
const machines = 50
const steps = platforms * machines * 2

/** Builds 20 platforms of 50 machines in every round; the first round, which is cold, does not count. */
export async function stepsRow(rounds: number): Promise<StepsRow> {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-bench-'))
  const gantry = await startGantry({
    database: `sqlite:${join(folder, 'gantry.db')}`,
    masterKey: new Uint8Array(32).fill(7),
    listen: { host: '127.0.0.1', port: 0 },
    config: configSchema.parse({}),
    version: 'bench',
    kinds: instantKinds(),
    blueprints: join(import.meta.dirname, '../../blueprints'),
    seams: realSeams(),
    log: () => {},
    remote: instantRemote(),
  })
  try {
    const server = { url: gantry.url, token: gantry.adminToken ?? '' }
    const api = apiOf(server)
    const images = { 'debian-12': { ref: 'debian-12', user: 'root' } }
    await api.createProvider({ name: 'dc1', kind: 'instant', images })
    const project = await giveQuota(api)
    await using watch = watchPlatforms(server)
    const perSecond: number[] = []
    const cpuMs: number[] = []
    for (let round = 0; round <= rounds; round++) {
      const cpuBefore = process.cpuUsage()
      const began = performance.now()
      const asked = Array.from({ length: platforms }, (_, index) =>
        api.createPlatform(project, {
          name: `r${round}-p${index}`,
          blueprint: 'machines',
          parameters: { count: machines },
        }),
      )
      const tasks = await Promise.all(asked)
      await Promise.all(tasks.map(({ target }) => watch.reached(target.id, 'ready')))
      if (round === 0) continue
      const cpu = process.cpuUsage(cpuBefore)
      perSecond.push(steps / ((performance.now() - began) / 1000))
      cpuMs.push((cpu.user + cpu.system) / 1000 / steps)
    }
    return { perSecond: spreadOf(perSecond), cpuMs: spreadOf(cpuMs) }
  } finally {
    await gantry.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
