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
  hosts: boolean,
  signal: AbortSignal,
): Promise<string[]> {
  const missing: string[] = []
  if (!hosts) missing.push('reading /1.0/resources (capacity of hosts stays unknown, placement goes by zone)')
  const project = await visible(api, `/projects/${encodeURIComponent(config.project)}`, projectSchema, signal)
  if (!project) missing.push(`project ${config.project} (no machine can be made)`)
  else missing.push(...restrictions(project.config, config))
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

/** What a restricted project forbids of that which this configuration needs. */
export function restrictions(project: Readonly<Record<string, string>>, config: IncusConfig): string[] {
  if (project.restricted !== 'true') return []
  const needsRaw = config.network.kind === 'static' || 'raw.lxc' in config.machineConfig
  if (needsRaw && project['restricted.containers.lowlevel'] !== 'allow') {
    return ['restricted.containers.lowlevel=allow in the project (static addresses and raw.lxc are refused)']
  }
  return []
}

async function visible<T>(api: Api, path: string, schema: z.ZodType<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await api.find(path, schema, signal)
  } catch (error) {
    if (error instanceof ProviderFault && error.kind === 'denied') return undefined
    throw error
  }
}
