import type { Permission, Scope, Target } from '../access/index.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { endpointsOf } from '../http/endpoint.ts'
import type { Tx } from '../store/index.ts'
import type { Rooms } from './rooms.ts'

/** How Gantry's endpoints fill in what the HTTP kit leaves open. */
export interface GantryKit {
  World: Rooms
  Scope: Scope
  Permission: Permission
  Target: Target
  Tx: Tx
}
export type GantryEndpoint = Endpoint<GantryKit>

export const endpoint = endpointsOf<GantryKit>()

/** Calls about nothing smaller than the installation. */
export const installation = (): Target => ({ kind: 'installation' })
