// The whole of Gantry on real machines: the simulated cloud keeps the books, and what it makes boots in namespaces of
// this host. The image that a platform asks for says what is wrong with its machine.

import { AsyncLocalStorage } from 'node:async_hooks'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { simulatedSession } from '../../providers/simulated/session.ts'
import { cloudOf } from '../../providers/simulated/world/cloud.ts'
import { worldLayout } from '../../providers/simulated/world/layout.ts'
import type { SimMachine } from '../../providers/simulated/world/sim-machine.ts'
import { createWorld } from '../../providers/simulated/world/world.ts'
import { startGantry } from '../../src/app.ts'
import { type SshRemoteLimits, sshRemote } from '../../src/bootstrap/index.ts'
import { realSeams } from '../../src/kernel/real-seams.ts'
import type { MachineRequest, ProviderKind } from '../../src/provider/contract.ts'
import { configSchema } from '../../src/resources/config.ts'
import { type Client, clientOf } from '../api/support/client.ts'
import { made, plenty } from '../api/support/story.ts'
import { seededRandom } from '../support/random.ts'
import { type MachineOptions, type SshMachine, sshMachine } from './machine.ts'

export interface HostileHouse extends AsyncDisposable {
  readonly api: Client
  readonly project: string
  /** The machine made of that image; waits for it. */
  machine(image: string): Promise<SshMachine>
  readonly logged: readonly string[]
}

export interface Hostility {
  readonly machine?: MachineOptions
  /** Done to the machine after it was made and before its provider shows it. */
  readonly first?: (machine: SshMachine) => Promise<unknown>
}

/** `hostilities` by image; `files` is the blueprint of its platforms. */
export async function hostileHouse(
  hostilities: Readonly<Record<string, Hostility>>,
  files: Readonly<Record<string, string>>,
  limits: Partial<SshRemoteLimits>,
): Promise<HostileHouse> {
  await using started = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'gantry-hostile-'))
  started.defer(() => rmSync(folder, { recursive: true, force: true }))
  const seams = realSeams()
  const layout = worldLayout.parse({ bootMs: 0, destroyMs: 0, workFactor: 0, images: Object.keys(hostilities) })
  const machines = new Map<string, Promise<SshMachine>>()
  started.defer(async () => {
    for (const machine of machines.values()) await (await machine)[Symbol.asyncDispose]()
  })

  // The world asks for an endpoint by number alone; what was asked for travels beside it.
  const asking = new AsyncLocalStorage<MachineRequest>()
  const world = createWorld(layout, seams, seededRandom(1), async () => {
    const request = asking.getStore()
    if (!request) throw new Error('a machine is made that nobody asked for')
    const { machine: options, first } = hostilities[request.image] ?? {}
    const { loginUser: user, authorizedKey, hostKey } = request
    const making = sshMachine({ user, authorizedKey, hostKeyPem: hostKey.privateKeyPem, ...options })
    const ready = making.then(async (machine) => {
      await first?.(machine)
      return machine
    })
    machines.set(request.image, ready)
    return (await ready).wire.endpoint
  })
  world.onChange((machine: SimMachine) => {
    if (machine.goneAt === null) return
    for (const made of machines.values())
      void made.then((real) => (real.wire.endpoint.port === machine.endpoint.port ? real.halt() : undefined))
  })
  const cloud = cloudOf(world)
  const kind: ProviderKind = {
    kind: 'sshd',
    simulated: true,
    config: z.strictObject({}),
    machineSpec: z.unknown(),
    connect: async () =>
      simulatedSession(
        {
          ...cloud,
          create: (key, request) => asking.run(request, () => cloud.create(key, request)),
        },
        seams.clock,
      ),
  }
  const logged: string[] = []
  const gantry = await startGantry({
    database: `sqlite:${join(folder, 'gantry.db')}`,
    masterKey: new Uint8Array(32).fill(7),
    listen: { host: '127.0.0.1', port: 0 },
    config: configSchema.parse({}),
    version: '0.1.0',
    kinds: { names: ['sshd'], get: async (name) => (name === 'sshd' ? kind : undefined) },
    blueprints: null,
    seams,
    log: (level, message, fields, error) => {
      logged.push(`${level} ${message} ${JSON.stringify(fields ?? {})} ${error instanceof Error ? error.stack : ''}`)
    },
    remote: sshRemote(seams, limits),
    store: { synchronous: 'OFF' },
  })
  started.defer(() => gantry.close())
  const api = clientOf(() => gantry.url, gantry.adminToken)
  const tenant = await made(api, '/v1/tenants', { name: 'shop' })
  const wide = { ...plenty, 'platform.count': 50 }
  const ticket = await made(api, `/v1/tenants/${tenant}/tickets`, { name: 'gold', limits: wide })
  const project = await made(api, `/v1/tenants/${tenant}/projects`, { name: 'web', shares: [{ ticket, limits: wide }] })
  const images = Object.fromEntries(
    Object.entries(hostilities).map(([name, { machine }]) => [name, { ref: name, user: machine?.user ?? 'root' }]),
  )
  await made(api, '/v1/providers', { name: 'dc1', kind: 'sshd', config: {}, images })
  const uploaded = await api('POST', '/v1/blueprints', { files })
  if (uploaded.status !== 201) throw new Error(JSON.stringify(uploaded.body))
  const running = started.move()
  return {
    api,
    project,
    logged,
    async machine(image) {
      for (;;) {
        const found = machines.get(image)
        if (found) return found
        await seams.clock.sleep(10)
      }
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}
