import { z } from 'zod'
import { documentSchema } from './document.ts'

/**
 * JSON Schema (2020-12) of blueprint.yaml, made from the schema that reads it and committed as
 * blueprints/blueprint.schema.json, so that an editor completes and checks while one types.
 */
export function blueprintJsonSchema(): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(documentSchema, { target: 'draft-2020-12', io: 'input' })
}
