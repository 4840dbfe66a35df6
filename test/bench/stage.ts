// What is measured: a real `gantry serve` on a real file, a simulated world in its own process, and a project with
// plenty of everything. The load comes from this process, so it counts as load on the machine too.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readAddress } from '../../providers/simulated/daemon/start.ts'
import { stopWorld } from '../../providers/simulated/index.ts'
import { type Api, apiOf } from '../../src/cli/client/api.ts'
import type { Server } from '../../src/cli/client/rest.ts'
import { type Serving, startServe } from '../support/serve.ts'

export interface Stage extends AsyncDisposable {
  readonly server: Server
  readonly api: Api
  readonly project: string
  /** The folder of the world, for its control. */
  readonly world: string
  /** Process numbers of Gantry and of the world. */
  readonly pids: { readonly gantry: number; readonly world: number }
}

export interface StageOptions {
  /** Of every call to the provider, ms. */
  readonly latencyMs: number
  /** Hosts of its world, COUNT; 40 by default. */
  readonly hosts?: number
  /** For Node, e.g. `--cpu-prof`. */
  readonly node?: readonly string[]
}

const gib = 2 ** 30
const plenty = {
  'platform.count': 1_000_000,
  'vm.count': 1_000_000,
  'vm.cpu': 1_000_000,
  'vm.memory': 1_000_000 * gib,
  'disk.capacity': 1_000_000 * gib,
}

/** Hosts of the bench's world, COUNT; four zones. */
export const hostCount = 40

export async function openStage(options: StageOptions): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-bench-'))
  const worldFolder = join(folder, 'world')
  const serving = startServe(folder, options.node === undefined ? {} : { node: options.node })
  try {
    const { url, token = '' } = await serving.listening
    const server = { url, token }
    const api = apiOf(server)
    const project = await furnish(api, worldFolder, options)
    const { pid } = await readAddress(worldFolder)
    return {
      server,
      api,
      project,
      world: worldFolder,
      pids: { gantry: serving.pid, world: pid },
      [Symbol.asyncDispose]: () => strike(serving, folder, worldFolder),
    }
  } catch (error) {
    await strike(serving, folder, worldFolder)
    throw error
  }
}

async function strike(serving: Serving, folder: string, worldFolder: string): Promise<void> {
  await serving.end('SIGTERM')
  await stopWorld(worldFolder)
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
}

/** A world of machines that boot at once, registered, and a project. Answers the project's id. */
async function furnish(api: Api, worldFolder: string, options: StageOptions): Promise<string> {
  const { latencyMs, hosts: count = hostCount } = options
  const hosts = Array.from({ length: count }, (_, index) => ({
    name: `host-${index + 1}`,
    zone: `zone-${'abcd'[index % 4]}`,
    cpu: 512,
    memoryBytes: 1024 * gib,
    diskBytes: 20_000 * gib,
  }))
  const world = { hosts, latencyMs, bootMs: 0, destroyMs: 0, jitter: 0, workFactor: 0 }
  await api.createProvider({
    name: 'dc1',
    kind: 'simulated',
    config: { folder: worldFolder, world },
    images: { 'debian-12': { ref: 'debian-12', user: 'root' } },
  })
  return giveQuota(api)
}

/** A tenant with a ticket and a project that may use all of it; answers the project's id. */
export async function giveQuota(api: Api): Promise<string> {
  const tenant = await api.createTenant({ name: 'bench' })
  const ticket = await api.createTicket(tenant.id, { name: 'plenty', limits: plenty })
  const shares = [{ ticket: ticket.id, limits: plenty }]
  return (await api.createProject(tenant.id, { name: 'bench', shares })).id
}
