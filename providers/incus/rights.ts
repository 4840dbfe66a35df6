// What this client lacks, said before a machine fails for it.

import { z } from 'zod'
import { ProviderFault } from '../../src/provider/fault.ts'
import type { Api } from './api.ts'
import type { IncusConfig } from './config.ts'

const projectSchema = z.object({ config: z.record(z.string(), z.string()) })

/** Each missing right or thing with what will not work without it. */
export async function missingRights(
  api: Api,
  config: IncusConfig,
  { hosts, clustered }: { readonly hosts: boolean; readonly clustered: boolean },
  signal: AbortSignal,
): Promise<string[]> {
  const missing: string[] = []
  if (!hosts) missing.push('reading /1.0/resources (capacity of hosts stays unknown, placement goes by zone)')
  const project = await visible(api, `/projects/${encodeURIComponent(config.project)}`, projectSchema, signal)
  if (!project) missing.push(`project ${config.project} (no machine can be made)`)
  else missing.push(...restrictions(project.config, config, clustered))
  if (!(await visible(api, `/storage-pools/${encodeURIComponent(config.pool)}`, z.unknown(), signal))) {
    missing.push(`storage pool ${config.pool} (no machine can be made)`)
  }
  if (config.network.kind === 'managed') {
    const { network } = config.network
    if (!(await visible(api, `/networks/${encodeURIComponent(network)}`, z.unknown(), signal))) {
      missing.push(`network ${network} (no machine can be made)`)
    }
  }
  return missing
}

/** What a restricted project forbids by default, and when a configuration needs it (doc/reference/projects). */
const restricted: readonly {
  readonly key: string
  readonly needed: (config: IncusConfig, clustered: boolean) => boolean
  readonly without: string
}[] = [
  {
    key: 'restricted.containers.lowlevel',
    needed: ({ network, machineConfig }) => network.kind === 'static' || 'raw.lxc' in machineConfig,
    without: 'raw.lxc and with it static addresses are refused',
  },
  {
    key: 'restricted.devices.nic',
    needed: ({ network }) => network.kind === 'static',
    without: 'a bridge that Incus does not manage is refused',
  },
  {
    key: 'restricted.containers.nesting',
    needed: ({ machineConfig }) => machineConfig['security.nesting'] === 'true',
    without: 'security.nesting is refused',
  },
  {
    key: 'restricted.cluster.target',
    needed: (_, clustered) => clustered,
    without: 'a machine cannot be placed on the member chosen for it',
  },
]

/** What the settings of a project forbid of that which this configuration needs. */
export function restrictions(
  project: Readonly<Record<string, string>>,
  config: IncusConfig,
  clustered: boolean,
): string[] {
  if (project.restricted !== 'true') return []
  return restricted
    .filter(({ key, needed }) => needed(config, clustered) && project[key] !== 'allow')
    .map(({ key, without }) => `${key}=allow in project ${config.project} (${without})`)
}

async function visible<T>(api: Api, path: string, schema: z.ZodType<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await api.find(path, schema, signal)
  } catch (error) {
    if (error instanceof ProviderFault && error.kind === 'denied') return undefined
    throw error
  }
}
