// One open Incus: its facts are read once at connect, its calls are put together here.

import { z } from 'zod'
import type { Seams } from '../../src/kernel/seams.ts'
import type { Capabilities, Health, Session } from '../../src/provider/contract.ts'
import { ProviderFault } from '../../src/provider/fault.ts'
import { type Api, apiOver } from './api.ts'
import { claimsOn } from './claims.ts'
import { type IncusConfig, type IncusMachineSpec, machineSpecSchema } from './config.ts'
import { openConnection } from './connection.ts'
import { createMachine } from './create.ts'
import { destroyMachine } from './destroy.ts'
import { inventoryOf, mayMeasure } from './inventory.ts'
import { everyInstance, listMachines, observeMachines } from './look.ts'
import { powerMachine } from './power.ts'
import { missingRights } from './rights.ts'
import { imageReference } from './spec.ts'
import { nativeName } from './tags.ts'
import { gate, turns } from './turns.ts'

const serverSchema = z.object({
  auth: z.string(),
  /** Not told to strangers. */
  environment: z
    .object({
      server: z.string(),
      server_version: z.string(),
      server_name: z.string(),
      server_clustered: z.boolean(),
      /** Of the cluster, where it is one: every member tells the same. */
      certificate_fingerprint: z.string(),
    })
    .partial()
    .nullish()
    .transform((value) => value ?? {}),
})

/**
 * For how long after a create was sent its instance may still appear out of nothing, ms: only a request that is still on
 * its way counts, as what the server has taken is seen by its operation.
 */
const settleMs = 10_000

/** Connects: reads who the server is and whether it trusts us. Throws ProviderFault `transient` or `denied`. */
export async function openSession(config: IncusConfig, seams: Seams): Promise<Session<IncusMachineSpec>> {
  const connection = openConnection(config, seams)
  const api = apiOver(connection, config.project, seams)
  try {
    const signal = new AbortController().signal
    const { auth, environment } = await api.get('', serverSchema, signal)
    if (auth !== 'trusted') throw untrusted()
    return sessionOver(api, config, seams, {
      hosts: await mayMeasure(api, signal),
      serverName: environment.server_name ?? 'incus',
      clustered: environment.server_clustered ?? false,
      close: () => connection.close(),
    })
  } catch (error) {
    connection.close()
    throw error
  }
}

/**
 * The certificate and the project: neither the address, which may lead elsewhere tomorrow, nor the name, which is a host
 * name that many share, says whose instances are seen. README.md tells when it changes.
 */
function identityOf({ auth, environment }: z.output<typeof serverSchema>, project: string): string {
  if (auth !== 'trusted') throw untrusted()
  const { certificate_fingerprint: fingerprint } = environment
  if (fingerprint) return `${fingerprint}/${project}`
  throw new ProviderFault({ kind: 'rejected', outcome: 'none' }, 'the server does not tell its certificate')
}

function untrusted(): ProviderFault {
  const next = 'add it there: incus config trust add-certificate'
  return new ProviderFault({ kind: 'denied', outcome: 'none' }, `the server does not trust our certificate; ${next}`)
}

interface Server {
  readonly hosts: boolean
  readonly serverName: string
  readonly clustered: boolean
  close(): void
}

function sessionOver(api: Api, config: IncusConfig, seams: Seams, server: Server): Session<IncusMachineSpec> {
  const { serverName, hosts } = server
  const standalone = server.clustered ? null : serverName
  const { network } = config
  const claims =
    network.kind === 'static' ? claimsOn(network, (signal) => everyInstance(api, signal), seams.random) : null
  const making = { api, config, claims, standalone }
  const looking = { api, serverName, clustered: server.clustered, needsState: network.kind !== 'static' }
  const oneByOne = turns()
  const makers = gate(config.parallelCreates)

  const capabilities: Capabilities = {
    lookup: 'consistent',
    settleMs,
    createIdempotency: 'uniqueName',
    hosts,
    power: true,
  }

  return {
    capabilities,
    async identify(signal) {
      return identityOf(await api.get('', serverSchema, signal), config.project)
    },
    async probe(signal): Promise<Health> {
      const before = seams.clock.now()
      const told = await api.get('', serverSchema, signal)
      const { environment } = told
      const latencyMs = seams.clock.now() - before
      return {
        identity: identityOf(told, config.project),
        version: `${environment.server ?? 'lxd'} ${environment.server_version ?? 'of an unknown version'}`,
        latencyMs,
        missingRights: await missingRights(api, config, server, signal),
      }
    },
    inventory: (signal) => inventoryOf({ api, pool: config.pool, standalone, hosts }, signal),
    create(key, request, signal) {
      const own = machineSpecSchema.parse(request.own)
      const make = () => createMachine(making, key, { ...request, own }, signal)
      return oneByOne(nativeName(key), () => makers(make, signal))
    },
    observe: (owner, keys, signal) =>
      observeMachines(
        looking,
        owner,
        Array.from(keys, ({ key }) => key),
        signal,
      ),
    destroy: (owner, key, signal) => oneByOne(nativeName(key), () => destroyMachine(api, owner, key, signal)),
    list: (owner, signal) => listMachines(looking, owner, signal),
    power: (owner, key, to, signal) => powerMachine(api, owner, key, to, signal),
    async hasImage(ref, signal) {
      const image = imageReference(ref)
      const path =
        'alias' in image ? `/images/aliases/${encodeURIComponent(image.alias)}` : `/images/${image.fingerprint}`
      return (await api.find(path, z.unknown(), signal)) !== undefined
    },
    async [Symbol.asyncDispose]() {
      server.close()
    },
  }
}
