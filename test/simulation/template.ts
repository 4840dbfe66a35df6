// What every history begins with, made once by the API itself: an installation with a provider, two tenants of one
// project each, and the blueprints. A history works on a copy of the file.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { z } from 'zod'
import { firstToken } from '../../src/access/index.ts'
import { makeFolder } from '../support/folder.ts'
import { seededRandom } from '../support/random.ts'
import { virtualClock } from '../support/virtual-clock.ts'
import { blueprints } from './blueprints.ts'
import { openCloud } from './cloud.ts'
import { Counters } from './counters.ts'
import { openJournal } from './journal.ts'
import { startProcess } from './process.ts'
import { openRemote } from './remote.ts'

export interface Tenant {
  readonly tenant: string
  readonly project: string
  /** Machines its ticket allows, COUNT. */
  readonly limit: number
}

export interface Template {
  /** The database file. */
  readonly bytes: Uint8Array
  readonly token: string
  readonly tenants: readonly Tenant[]
  readonly provider: string
  readonly startMs: number
}

const idSchema = z.object({ id: z.string() })

export async function makeTemplate(): Promise<Template> {
  using folder = makeFolder()
  const path = join(folder.path, 'gantry.db')
  const clock = virtualClock(0)
  const { seams } = clock
  const journal = openJournal(clock.now)
  const counters = new Counters()
  const cloud = openCloud(
    { clock: seams.clock, random: seededRandom(0), journal, counters },
    { lookup: 'consistent', settleMs: 1_000, latencyMs: 1 },
  )
  const around = {
    path,
    life: clock.life(),
    cloud,
    remote: openRemote({
      clock: seams.clock,
      random: seededRandom(0),
      cloud,
      journal,
      counters,
      onStart: () => undefined,
    }),
    journal,
    counters,
    isDead: () => false,
    onCommit: () => undefined,
    onDeath: () => undefined,
    onError: () => undefined,
    plant: {},
  }
  const first = await clock.runUntil(startProcess('maker', { ...around, token: '' }))
  const token = await clock.runUntil(first.store.write((tx) => firstToken(tx, seams)))
  if (token === undefined) throw new Error('a first start gives a token')
  first.kill()
  await clock.settle()
  const process = await clock.runUntil(startProcess('maker-2', { ...around, life: clock.life(), token }))

  async function make(where: string, body: unknown): Promise<string> {
    const answer = await clock.runUntil(process.request('POST', where, body))
    if (answer.status !== 201) throw new Error(`${where}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return idSchema.safeParse(answer.body).data?.id ?? ''
  }
  const provider = await make('/v1/providers', {
    name: 'dc1',
    kind: 'simulated',
    images: { 'debian-12': { ref: 'debian-12', user: 'root' } },
  })
  for (const files of blueprints) await make('/v1/blueprints', { files })
  const tenants: Tenant[] = []
  for (const [name, limit] of [
    ['red', 8],
    ['blue', 12],
  ] as const) {
    const tenant = await make('/v1/tenants', { name })
    const gib = 2 ** 30
    const limits = {
      'vm.count': limit,
      'vm.cpu': 100,
      'vm.memory': 100 * gib,
      'disk.capacity': 1_000 * gib,
      'platform.count': 4,
    }
    const ticket = await make(`/v1/tenants/${tenant}/tickets`, { name: 'gold', limits })
    const project = await make(`/v1/tenants/${tenant}/projects`, { name: 'shop', shares: [{ ticket, limits }] })
    tenants.push({ tenant, project, limit })
  }
  process.kill()
  await clock.settle()
  const database = new Database(path)
  database.pragma('journal_mode = DELETE')
  database.exec('vacuum')
  database.pragma('journal_mode = WAL')
  database.close()
  return { bytes: readFileSync(path), token, tenants, provider, startMs: clock.now() }
}
