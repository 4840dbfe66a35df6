import type { Scope } from '../../access/index.ts'
import { etag, requireMatch } from '../../http/etag.ts'
import { created, noContent, ok } from '../../http/reply.ts'
import { id, JsonObject, z } from '../../http/schema.ts'
import { newId, type PlatformId } from '../../kernel/ids.ts'
import type { Db, ProviderTable } from '../../store/index.ts'
import { endpoint, installation } from '../endpoint.ts'
import { listMaintenances, listZones } from '../hosts/index.ts'
import { refuseInUse } from '../in-use.ts'
import { listQuery, pageOfRows } from '../listing.ts'
import type { Rooms } from '../rooms.ts'
import { checkProvider } from './check.ts'
import { factsText } from './columns.ts'
import { checkConfig, configJsonSchema, destroySecrets, sealConfig } from './config.ts'
import { findKind } from './kinds.ts'
import { patchProvider } from './patch.ts'
import { checkPrices } from './prices.ts'
import { providerProblems } from './problems.ts'
import {
  Provider,
  ProviderCreate,
  ProviderKindList,
  ProviderList,
  ProviderPatch,
  ProviderProblemList,
  ProviderWeather,
} from './schemas.ts'
import { deleteProvider, getProvider, insertProvider, listProviders, machineCounts, platformsOn } from './store.ts'
import { providerView } from './view.ts'
import { showWeather } from './weather.ts'

const params = z.object({ provider: id('provider') })
const refusals = ['provider_unreachable', 'provider_denied', 'provider_rejected'] as const

export const providerEndpoints = [
  endpoint({
    method: 'get',
    path: '/v1/provider-kinds',
    operationId: 'listProviderKinds',
    summary: 'List the kinds of provider this Gantry can speak to',
    tag: 'providers',
    permission: 'provider.read',
    about: installation,
    answers: { 200: { description: 'All kinds.', schema: ProviderKindList } },
    problems: [],
    async handle(rooms) {
      const kinds = await Promise.all(rooms.kinds.names.map((name) => findKind(rooms.kinds, name)))
      return ok({
        items: kinds.map((kind) => ({
          kind: kind.kind,
          simulated: kind.simulated,
          config: JsonObject.parse(configJsonSchema(kind)),
        })),
      })
    },
  }),
  endpoint({
    method: 'post',
    path: '/v1/providers',
    operationId: 'createProvider',
    summary: 'Register a provider',
    description: 'Connects, probes and takes the inventory first: what cannot be spoken to is not written down.',
    tag: 'providers',
    permission: 'provider.write',
    about: installation,
    body: ProviderCreate,
    answers: { 201: { description: 'The provider.', schema: Provider, headers: ['Location', 'ETag'] } },
    problems: ['name_taken', ...refusals],
    async handle(rooms, call) {
      const { body, scope } = call
      const kind = await findKind(rooms.kinds, body.kind)
      checkConfig(kind, body.config)
      checkPrices(rooms.config, body.prices)
      const checked = await checkProvider(rooms, { ...body, kind })
      return call.commit(async (tx) => {
        const now = rooms.seams.clock.now()
        const row: ProviderTable = {
          id: newId('provider', rooms.seams),
          name: body.name,
          kind: kind.kind,
          config: JSON.stringify(await sealConfig(tx, rooms.vault, kind, body.config, null)),
          images: JSON.stringify(body.images),
          overcommit: JSON.stringify(body.overcommit),
          rate_limit: body.rateLimit && JSON.stringify(body.rateLimit),
          prices: body.prices && JSON.stringify(body.prices),
          state: 'healthy',
          state_since: now,
          state_reason: null,
          facts: factsText(checked),
          labels: JSON.stringify(body.labels),
          version: 1,
          last_scan_at: null,
          created_at: now,
          deleted_at: null,
        }
        await insertProvider(tx, scope, rooms.seams, row, checked.hosts)
        const view = await shown(rooms, tx, scope, row)
        return created(`/v1/providers/${row.id}`, view, { etag: etag(row.version) })
      })
    },
  }),
  endpoint({
    method: 'get',
    path: '/v1/providers',
    operationId: 'listProviders',
    summary: 'List providers',
    tag: 'providers',
    permission: 'provider.read',
    about: installation,
    query: z.strictObject({ ...listQuery, kind: z.string().max(63).optional() }),
    answers: { 200: { description: 'A page of providers.', schema: ProviderList } },
    problems: [],
    async handle(rooms, { scope, query }) {
      const db = rooms.store.read
      const rows = await listProviders(db, scope, query)
      const { items, next } = pageOfRows(rows, query, (row) => row)
      const zones = await listZones(db, scope)
      const counts = await machineCounts(
        db,
        items.map((row) => row.id),
      )
      const views = items.map(async (row) =>
        providerView(row, {
          simulated: await isSimulated(rooms, row),
          zones,
          machines: counts.get(row.id) ?? 0,
          maintenance: await listMaintenances(db, scope, row.id, rooms.seams.clock.now()),
          weather: rooms.sessions.weather(row.id),
        }),
      )
      return ok({ items: await Promise.all(views), next })
    },
  }),
  endpoint({
    method: 'get',
    path: '/v1/providers/{provider}',
    operationId: 'getProvider',
    summary: 'Show a provider with its health and zones',
    tag: 'providers',
    permission: 'provider.read',
    about: installation,
    params,
    answers: { 200: { description: 'The provider.', schema: Provider, headers: ['ETag'] } },
    problems: [],
    async handle(rooms, { scope, params: { provider } }) {
      const row = await getProvider(rooms.store.read, scope, provider)
      return ok(await shown(rooms, rooms.store.read, scope, row), { etag: etag(row.version) })
    },
  }),
  endpoint({
    method: 'get',
    path: '/v1/providers/{provider}/weather',
    operationId: 'getProviderWeather',
    summary: 'Show how a provider answers, and what waits because of it',
    description:
      'Latency, errors and throttling of the last minutes; the circuit breaker that leaves a provider alone while it does not answer; the rate limit; and the platforms whose steps wait.',
    tag: 'providers',
    permission: 'provider.read',
    about: installation,
    params,
    answers: { 200: { description: 'The weather.', schema: ProviderWeather } },
    problems: [],
    async handle(rooms, { scope, params: { provider } }) {
      return ok(await showWeather(rooms, scope, await getProvider(rooms.store.read, scope, provider)))
    },
  }),
  endpoint({
    method: 'get',
    path: '/v1/providers/{provider}/problems',
    operationId: 'listProviderProblems',
    summary: 'What is wrong with a provider, its hosts and its zones, and whom it concerns',
    description:
      'Each once, with the machines that are down with it by platform. What each platform has of it, and may choose, is in the problems of the platform.',
    tag: 'providers',
    permission: 'provider.read',
    about: installation,
    params,
    answers: { 200: { description: 'Oldest first.', schema: ProviderProblemList } },
    problems: [],
    async handle({ store }, { scope, params: { provider } }) {
      const row = await getProvider(store.read, scope, provider)
      return ok({ items: await providerProblems(store.read, scope, row) })
    },
  }),
  endpoint({
    method: 'patch',
    path: '/v1/providers/{provider}',
    operationId: 'updateProvider',
    summary: 'Change a provider',
    description:
      'A new configuration is tried before it is kept. One that leads to another server is refused while machines are there: what that server does not show would count as gone. The same server under a new identity is accepted by naming it.',
    tag: 'providers',
    permission: 'provider.write',
    about: installation,
    params,
    body: ProviderPatch,
    matches: true,
    answers: { 200: { description: 'The provider.', schema: Provider, headers: ['ETag'] } },
    problems: ['name_taken', 'conflict', ...refusals],
    async handle(rooms, call) {
      const write = await patchProvider(rooms, call)
      let woken: readonly PlatformId[] = []
      const reply = await call.commit(async (tx) => {
        const { row, wake } = await write(tx)
        woken = wake
        return ok(await shown(rooms, tx, call.scope, row), { etag: etag(row.version) })
      })
      for (const platform of woken) rooms.wake(platform)
      return reply
    },
  }),
  endpoint({
    method: 'delete',
    path: '/v1/providers/{provider}',
    operationId: 'deleteProvider',
    summary: 'Forget a provider',
    description: 'Refused while machines are there, naming their platforms. Nothing at the provider is touched.',
    tag: 'providers',
    permission: 'provider.write',
    about: installation,
    params,
    matches: true,
    answers: { 204: { description: 'Forgotten.' } },
    problems: ['in_use'],
    async handle(rooms, call) {
      const reply = await call.commit(async (tx) => {
        const row = await getProvider(tx, call.scope, call.params.provider)
        requireMatch(call.ifMatch, row.version)
        refuseInUse('provider', row.name, await platformsOn(tx, row.id), 'Delete these platforms first.')
        await destroySecrets(tx, rooms.vault, row.config, '{}')
        await deleteProvider(tx, call.scope, rooms.seams, row)
        return noContent()
      })
      await rooms.sessions.forget(call.params.provider)
      return reply
    },
  }),
]

async function shown(rooms: Rooms, db: Db, scope: Scope, row: ProviderTable): Promise<Provider> {
  const zones = await listZones(db, scope, row.id)
  const machines = (await machineCounts(db, [row.id])).get(row.id) ?? 0
  const weather = rooms.sessions.weather(row.id)
  const maintenance = await listMaintenances(db, scope, row.id, rooms.seams.clock.now())
  return providerView(row, { simulated: await isSimulated(rooms, row), zones, machines, maintenance, weather })
}

async function isSimulated(rooms: Rooms, row: ProviderTable): Promise<boolean> {
  return (await rooms.kinds.get(row.kind))?.simulated ?? false
}
