import { Bytes, id, Name, z } from '../../http/schema.ts'

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
    prices: z
      .array(z.object({ provider: id('provider'), providerName: Name, amount: z.string(), currency: z.string() }))
      .openapi({ description: 'What a machine of it costs an hour, at the providers that say so.' }),
  })
  .openapi('Flavor')
export type Flavor = z.infer<typeof Flavor>

export const FlavorList = z.object({ items: z.array(Flavor) }).openapi('FlavorList')
