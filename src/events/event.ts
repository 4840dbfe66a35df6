// What can be told. The list is closed so that a reader of the API knows every kind there is; adding one
// is adding a line. A transition always says from where to where, by whom and because of what: the type
// leaves no way to append one that does not.

import type { Json } from '../kernel/canonical.ts'
import type { MachineId, PlatformId, ProjectId, TaskId, TenantId } from '../kernel/ids.ts'

export const transitionKinds = [
  'platform.state',
  'machine.state',
  'member.state',
  'task.state',
  'provider.state',
  'host.state',
] as const
export type TransitionKind = (typeof transitionKinds)[number]

export const factKinds = [
  'tenant.created',
  'tenant.changed',
  'tenant.deleted',
  'project.created',
  'project.changed',
  'project.deleted',
  'ticket.created',
  'ticket.changed',
  'ticket.deleted',
  'share.changed',
  'provider.created',
  'provider.changed',
  'provider.deleted',
  'provider.probed',
  'host.maintenance',
  'host.problem',
  'blueprint.created',
  'platform.created',
  'platform.changed',
  'platform.outputs',
  'platform.forgotten',
  'schedule.due',
  'schedule.refused',
  'upgrade.begun',
  'upgrade.refused',
  'lease.reminder',
  'lease.expired',
  'lease.renewed',
  'lease.ended',
  'member.created',
  'machine.forgotten',
  'task.created',
  'run.taken-over',
  'step.started',
  'step.done',
  'step.waiting',
  'step.failed',
  'step.blocked',
  'step.retried',
  'step.forgotten',
  'decision.taken',
  'problem.opened',
  'problem.resolved',
  'orphan.found',
  'orphan.destroyed',
  'tombstone.destroyed',
  'receipt.completed',
  'receipt.reopened',
  'token.created',
  'installation.created',
  'installation.restored',
  'restore.accepted',
  'backup.taken',
] as const
export type FactKind = (typeof factKinds)[number]

export type EventKind = TransitionKind | FactKind
export const eventKinds: readonly EventKind[] = [...transitionKinds, ...factKinds]

/** What an event is about: the kind of object and its id. */
export interface Subject {
  readonly kind: string
  readonly id: string
}

interface About {
  readonly subject: Subject
  /** Who did it: a user or token (`tok_..`), or the room that acts by itself (`engine`, `care`). */
  readonly actor: string
  readonly tenant?: TenantId | null | undefined
  readonly project?: ProjectId | null | undefined
  readonly platform?: PlatformId | null | undefined
  readonly machine?: MachineId | null | undefined
  readonly task?: TaskId | null | undefined
  readonly step?: string | null | undefined
  /** Facts for the reader; never a secret. */
  readonly data?: { readonly [key: string]: Json | undefined } | undefined
}

export interface TransitionEvent extends About {
  readonly kind: TransitionKind
  readonly from: string
  readonly to: string
  readonly cause: string
}

export interface FactEvent extends About {
  readonly kind: FactKind
  readonly cause?: string | null | undefined
}

export type NewEvent = TransitionEvent | FactEvent

/** An event as read back. `seq` grows in the order of commit. */
export interface RecordedEvent {
  readonly seq: number
  /** ms since 1970. */
  readonly at: number
  readonly kind: EventKind
  readonly subject: Subject
  readonly tenant: TenantId | null
  readonly project: ProjectId | null
  readonly platform: PlatformId | null
  readonly machine: MachineId | null
  readonly task: TaskId | null
  readonly step: string | null
  readonly from: string | null
  readonly to: string | null
  readonly actor: string
  readonly cause: string | null
  readonly data: { readonly [key: string]: Json | undefined }
}
