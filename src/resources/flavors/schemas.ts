import { Bytes, Name, z } from '../../http/schema.ts'

export const Flavor = z
  .object({
    name: Name,
    cpu: z.number().openapi({ description: 'Virtual CPUs, COUNT.' }),
    memoryBytes: Bytes,
    diskBytes: Bytes,
    cost: z.record(z.string(), z.number()).openapi({
      description: 'What one machine of it takes from each quota key.',
      example: { 'vm.count': 1, 'vm.cpu': 2, 'vm.memory': 2147483648, 'disk.capacity': 21474836480 },
    }),
  })
  .openapi('Flavor')
export type Flavor = z.infer<typeof Flavor>

export const FlavorList = z.object({ items: z.array(Flavor) }).openapi('FlavorList')
