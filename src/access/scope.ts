// A Scope is the proof that somebody was asked: who calls, and within which tenant and project. It is the first
// argument of every store function of a slice, and only access/ can make one, because only here is the brand.

import type { MachineId, PlatformId, ProjectId, ReceiptId, TaskId, TenantId, TicketId } from '../kernel/ids.ts'

const minted: unique symbol = Symbol('scope')

/** What a call is about; who may not see it is told that it does not exist. */
export type Target =
  | { readonly kind: 'installation' }
  | { readonly kind: 'tenant'; readonly id: TenantId }
  | { readonly kind: 'project'; readonly id: ProjectId }
  | { readonly kind: 'ticket'; readonly id: TicketId }
  | { readonly kind: 'platform'; readonly id: PlatformId }
  | { readonly kind: 'machine'; readonly id: MachineId }
  | { readonly kind: 'task'; readonly id: TaskId }
  | { readonly kind: 'receipt'; readonly id: ReceiptId }

export interface Scope {
  readonly [minted]: true
  /** Who did it, as events and tasks name them: `tok_...`, or `nobody`. */
  readonly actor: string
  /** Rows of this tenant only; null: of every tenant. */
  readonly tenant: TenantId | null
  /** Rows of this project only; null: of every project in `tenant`. */
  readonly project: ProjectId | null
  /** Of this platform only. */
  readonly platform: PlatformId | null
}

/** Not exported from the room: see authorize.ts. */
export function mint(facts: Omit<Scope, typeof minted>): Scope {
  return { ...facts, [minted]: true }
}
