import { Instant, JsonObject, pageOf, z } from '../../http/schema.ts'

export const BlueprintCreate = z
  .strictObject({
    files: z.record(z.string().min(1).max(256), z.string().max(1_048_576)).openapi({
      description: 'Path -> text of every file of the folder; `blueprint.yaml` is required.',
      example: { 'blueprint.yaml': 'name: pair\nversion: 1.0.0\n', 'scripts/hello.sh': 'echo hello\n' },
    }),
  })
  .openapi('BlueprintCreate')

export const Blueprint = z
  .object({
    name: z.string(),
    version: z.string(),
    digest: z.string().openapi({ description: 'Platforms pin this.' }),
    description: z.string().nullable(),
    parameters: JsonObject.openapi({ description: 'JSON Schema of the parameters.' }),
    groups: z.array(z.string()),
    operations: z.array(
      z.object({
        name: z.string(),
        description: z.string().nullable(),
        mode: z.enum(['shared', 'exclusive']),
        parameters: JsonObject.openapi({ description: 'JSON Schema of its parameters.' }),
      }),
    ),
    outputs: z.array(z.string()),
    createdAt: Instant,
  })
  .openapi('Blueprint')
export type Blueprint = z.infer<typeof Blueprint>

export const BlueprintDetail = Blueprint.extend({
  files: z.record(z.string(), z.string()).openapi({ description: 'Path -> text.' }),
}).openapi('BlueprintDetail')
export type BlueprintDetail = z.infer<typeof BlueprintDetail>

export const BlueprintList = pageOf('BlueprintList', Blueprint)
