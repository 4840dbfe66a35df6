import { ok } from '../../http/reply.ts'
import { Name, z } from '../../http/schema.ts'
import { endpoint, installation } from '../endpoint.ts'
import { priceLists } from '../providers/index.ts'
import { getFlavor, listFlavors } from './flavors.ts'
import { Flavor, FlavorList } from './schemas.ts'

export const flavorEndpoints = [
  endpoint({
    method: 'get',
    path: '/v1/flavors',
    operationId: 'listFlavors',
    summary: 'List flavors',
    description:
      'The sizes a machine can have, and what they cost where a provider has prices. Built in are small, medium and large; the configuration may set others.',
    tag: 'flavors',
    permission: 'catalogue.read',
    about: installation,
    answers: { 200: { description: 'All flavors.', schema: FlavorList } },
    problems: [],
    handle: async ({ config, store }) => ok({ items: listFlavors(config, await priceLists(store.read)) }),
  }),
  endpoint({
    method: 'get',
    path: '/v1/flavors/{flavor}',
    operationId: 'getFlavor',
    summary: 'Show a flavor',
    tag: 'flavors',
    permission: 'catalogue.read',
    about: installation,
    params: z.object({ flavor: Name }),
    answers: { 200: { description: 'The flavor.', schema: Flavor } },
    problems: [],
    handle: async ({ config, store }, { params }) => ok(getFlavor(config, await priceLists(store.read), params.flavor)),
  }),
]
