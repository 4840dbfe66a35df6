import { operationJsonSchema, parameterJsonSchema } from '../../blueprints/index.ts'
import { decodeCursor, encodeCursor, pageQuery } from '../../http/cursor.ts'
import { created, ok } from '../../http/reply.ts'
import { instant, JsonObject, z } from '../../http/schema.ts'
import type { BlueprintTable } from '../../store/index.ts'
import { endpoint, installation } from '../endpoint.ts'
import { Blueprint, BlueprintCreate, BlueprintDetail, BlueprintList } from './schemas.ts'
import { addBlueprint, blueprintOf, filesOf, findBlueprint, listBlueprints } from './store.ts'

export const blueprintEndpoints = [
  endpoint({
    method: 'post',
    path: '/v1/blueprints',
    operationId: 'createBlueprint',
    summary: 'Upload a blueprint',
    description: 'Checked for every combination of its conditions. Uploading the same content again changes nothing.',
    tag: 'blueprints',
    permission: 'blueprint.create',
    about: installation,
    body: BlueprintCreate,
    maxBodyBytes: 8_388_608,
    answers: {
      200: { description: 'It was there already.', schema: Blueprint, headers: ['Location'] },
      201: { description: 'The blueprint.', schema: Blueprint, headers: ['Location'] },
    },
    problems: ['invalid_blueprint', 'name_taken'],
    handle: (rooms, call) =>
      call.commit(async (tx) => {
        const { row, isNew } = await addBlueprint(tx, call.scope, rooms.seams, call.body.files)
        const location = `/v1/blueprints/${row.name}@${row.blueprint_version}`
        return isNew ? created(location, view(row)) : ok(view(row), { location })
      }),
  }),
  endpoint({
    method: 'get',
    path: '/v1/blueprints',
    operationId: 'listBlueprints',
    summary: 'List blueprints',
    tag: 'blueprints',
    permission: 'catalogue.read',
    about: installation,
    query: z.strictObject({ ...pageQuery, name: z.string().max(63).optional() }),
    answers: { 200: { description: 'A page of blueprints.', schema: BlueprintList } },
    problems: [],
    async handle({ store }, { scope, query: { name, limit, cursor } }) {
      const after = decodeCursor(cursor, Position) ?? null
      const rows = await listBlueprints(store.read, scope, { name, after, limit })
      const last = rows.length > limit ? rows[limit - 1] : undefined
      const next = last ? encodeCursor([last.name, last.blueprint_version]) : null
      return ok({ items: rows.slice(0, limit).map(view), next })
    },
  }),
  endpoint({
    method: 'get',
    path: '/v1/blueprints/{blueprint}',
    operationId: 'getBlueprint',
    summary: 'Show a blueprint with its files',
    tag: 'blueprints',
    permission: 'catalogue.read',
    about: installation,
    params: z.object({
      blueprint: z.string().max(200).openapi({ description: 'name, name@version, or digest.', example: 'swarm@1.0.0' }),
    }),
    answers: { 200: { description: 'The blueprint.', schema: BlueprintDetail } },
    problems: [],
    async handle({ store }, { scope, params: { blueprint } }) {
      const row = await findBlueprint(store.read, scope, blueprint)
      const detail: BlueprintDetail = { ...view(row), files: filesOf(row) }
      return ok(detail)
    },
  }),
]

function view(row: BlueprintTable): Blueprint {
  const blueprint = blueprintOf(row)
  const { document } = blueprint
  return {
    name: row.name,
    version: row.blueprint_version,
    digest: row.digest,
    description: document.description ?? null,
    parameters: JsonObject.parse(parameterJsonSchema(blueprint)),
    groups: Object.keys(document.groups),
    operations: Object.entries(document.operations ?? {}).map(([name, operation]) => ({
      name,
      description: operation.description ?? null,
      mode: operation.mode ?? 'shared',
      parameters: JsonObject.parse(operationJsonSchema(blueprint, name)),
    })),
    outputs: Object.keys(document.outputs ?? {}),
    createdAt: instant(row.created_at),
  }
}

const Position = z.tuple([z.string(), z.string().regex(/^\d+\.\d+\.\d+/)])
