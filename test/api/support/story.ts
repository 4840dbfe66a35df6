// The rows most stories begin with: a tenant with a ticket, a project with a share of it, a provider.

import type { Client } from './client.ts'
import { rightPassword } from './memory-kind.ts'

const gib = 2 ** 30

export const plenty = {
  'platform.count': 10,
  'vm.count': 40,
  'vm.cpu': 80,
  'vm.memory': 160 * gib,
  'disk.capacity': 1600 * gib,
}

export interface Begun {
  readonly tenant: string
  readonly ticket: string
  readonly project: string
  readonly provider: string
}

export const providerWish = {
  name: 'dc1',
  kind: 'memory',
  config: { password: rightPassword },
  images: { 'debian-12': { ref: 'debian-12', user: 'root' } },
}

export async function begin(api: Client, limits: Record<string, number | 'unlimited'> = plenty): Promise<Begun> {
  const tenant = await made(api, '/v1/tenants', { name: 'shop' })
  const ticket = await made(api, `/v1/tenants/${tenant}/tickets`, { name: 'gold', limits })
  const shares = [{ ticket, limits }]
  const project = await made(api, `/v1/tenants/${tenant}/projects`, { name: 'web', shares })
  const provider = await made(api, '/v1/providers', providerWish)
  return { tenant, ticket, project, provider }
}

/** POSTs and answers the id of what was made. */
export async function made(api: Client, path: string, body: unknown): Promise<string> {
  const answer = await api('POST', path, body)
  if (answer.status !== 201) throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer.body.id
}
