// A create request as it is written down before it is sent: the exact bytes, but for the host's private
// key, which stays in the vault.

import { z } from 'zod'
import type { MachineRequest, OwnerTag } from './contract.ts'

const resourcesSchema = z.object({ cpu: z.number(), memoryBytes: z.number(), diskBytes: z.number() })

export const storedRequestSchema = z.object({
  owner: z.string().transform((text) => text as OwnerTag),
  hostname: z.string(),
  resources: resourcesSchema,
  image: z.string(),
  zone: z.string(),
  host: z.string().nullable(),
  spreadGroup: z.string().nullable(),
  networks: z.array(z.string()),
  loginUser: z.string(),
  authorizedKey: z.string(),
  hostKey: z.object({ publicKey: z.string() }),
  specHash: z.string(),
  own: z.unknown(),
})
export type StoredRequest = Omit<MachineRequest, 'hostKey'> & {
  readonly hostKey: { readonly publicKey: string }
  readonly own?: unknown
}
