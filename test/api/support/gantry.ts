// A whole Gantry on a real socket and a real file, whose machines are in memory.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { World } from '../../../providers/simulated/world/world.ts'
import { type Gantry, startGantry } from '../../../src/app.ts'
import { realSeams } from '../../../src/kernel/real-seams.ts'
import { configSchema } from '../../../src/resources/config.ts'
import { memoryRemote } from '../../support/memory-remote.ts'
import { type Client, clientOf } from './client.ts'
import { type MemoryServers, memoryKinds, memoryServers, quickWorld } from './memory-kind.ts'

export const testMasterKey = new Uint8Array(32).fill(7)

export interface TestGantry extends AsyncDisposable {
  readonly gantry: Gantry
  readonly world: World
  /** Where addresses of providers lead to. */
  readonly servers: MemoryServers
  readonly token: string
  /** Of the database, `gantry.db`. */
  readonly folder: string
  /** Calls as installation-admin. */
  readonly api: Client
  readonly logged: readonly string[]
  /** Closes this process and starts another on the same file. */
  restart(): Promise<Gantry>
}

export interface TestOptions {
  readonly world?: World
  readonly blueprints?: string | null
  readonly scanEveryMs?: number
  /** Goes on with the installation of this folder, whose admin token this is; the folder is not removed. */
  readonly restored?: { readonly folder: string; readonly token: string }
}

export async function testGantry(options: TestOptions = {}): Promise<TestGantry> {
  const folder = options.restored?.folder ?? mkdtempSync(join(tmpdir(), 'gantry-api-'))
  const world = options.world ?? quickWorld()
  const servers = memoryServers(world)
  const logged: string[] = []
  const start = () =>
    startGantry({
      database: `sqlite:${join(folder, 'gantry.db')}`,
      masterKey: testMasterKey,
      listen: { host: '127.0.0.1', port: 0 },
      config: configSchema.parse({}),
      version: '0.1.0',
      kinds: memoryKinds(servers),
      blueprints:
        options.blueprints === undefined ? join(import.meta.dirname, '../../../blueprints') : options.blueprints,
      seams: realSeams(),
      log: (level, message, fields, error) => {
        logged.push(`${level} ${message} ${JSON.stringify(fields ?? {})} ${error instanceof Error ? error.stack : ''}`)
      },
      remote: memoryRemote(world),
      store: { synchronous: 'OFF' },
      ...(options.scanEveryMs === undefined ? {} : { scanEveryMs: options.scanEveryMs }),
    })
  let gantry = await start()
  const token = options.restored?.token ?? gantry.adminToken
  if (token === undefined) throw new Error('a first start prints the admin token')
  return {
    get gantry() {
      return gantry
    },
    world,
    servers,
    token,
    folder,
    api: clientOf(() => gantry.url, token),
    logged,
    async restart() {
      await gantry.close()
      gantry = await start()
      return gantry
    },
    async [Symbol.asyncDispose]() {
      await gantry.close()
      if (!options.restored) rmSync(folder, { recursive: true, force: true })
    },
  }
}
