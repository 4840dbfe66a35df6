// Every table as Kysely sees it. Types that mean the same on SQLite and PostgreSQL only: instants are
// integer milliseconds, sizes integer bytes, flags 0 | 1, structures JSON text (parsed by zod at the
// reader). Names are never reused after deletion: a deleted row keeps its id and gets `deleted_at`,
// and unique names are partial indexes over the living.

import type { Generated } from 'kysely'
import type {
  MachineId,
  MaintenanceId,
  MemberId,
  PlatformId,
  ProjectId,
  ProviderId,
  ReceiptId,
  SecretId,
  TaskId,
  TenantId,
  TicketId,
} from '../kernel/ids.ts'
import type { MachineState, MemberState, PlatformState, TaskState } from '../kernel/states.ts'

export type Flag = 0 | 1
/** JSON text. */
export type JsonText = string
/** Milliseconds since 1970 UTC. */
export type Instant = number

export interface Database {
  installation: InstallationTable
  tokens: TokenTable
  tenants: TenantTable
  projects: ProjectTable
  tickets: TicketTable
  ticket_limits: TicketLimitTable
  shares: ShareTable
  reservations: ReservationTable
  providers: ProviderTable
  hosts: HostTable
  maintenances: MaintenanceTable
  blueprints: BlueprintTable
  platforms: PlatformTable
  revisions: RevisionTable
  members: MemberTable
  machines: MachineTable
  runs: RunTable
  records: RecordTable
  attempts: AttemptTable
  logs: LogTable
  decisions: DecisionTable
  problems: ProblemTable
  problem_machines: ProblemMachineTable
  tasks: TaskTable
  operations: OperationTable
  hibernations: HibernationTable
  durations: DurationTable
  schedules: ScheduleTable
  leases: LeaseTable
  maintenance_windows: MaintenanceWindowTable
  auto_upgrades: AutoUpgradeTable
  receipts: ReceiptTable
  receipt_objects: ReceiptObjectTable
  secrets: SecretTable
  data_keys: DataKeyTable
  events: EventTable
  idempotency: IdempotencyTable
}

/** One row. `restore_epoch` is part of every resource key and is raised when a restore is accepted. */
export interface InstallationTable {
  id: string
  restore_epoch: number
  report_only: Flag
  created_at: Instant
}

/** An API token; only its hash is kept. */
export interface TokenTable {
  id: string
  name: string
  hash: string
  role: string
  created_at: Instant
  revoked_at: Instant | null
}

export interface TenantTable extends NamedTable {
  id: TenantId
}

export interface ProjectTable extends NamedTable {
  id: ProjectId
  tenant_id: TenantId
}

export interface TicketTable extends NamedTable {
  id: TicketId
  tenant_id: TenantId
}

interface NamedTable {
  name: string
  labels: JsonText
  version: number
  created_at: Instant
  deleted_at: Instant | null
}

/** A limit of a ticket. `amount` null is the explicit "unlimited"; `used` is kept exact by quota/. */
export interface TicketLimitTable {
  ticket_id: TicketId
  key: string
  amount: number | null
  used: number
}

/** A project's share of a ticket's key. */
export interface ShareTable {
  project_id: ProjectId
  ticket_id: TicketId
  key: string
  amount: number | null
  used: number
}

/** What one holder (a member slot `plt_../worker-1`, or the platform itself) holds; freed on proof of gone. */
export interface ReservationTable {
  holder: string
  platform_id: PlatformId | null
  project_id: ProjectId
  ticket_id: TicketId
  /** JSON: { [key]: amount }. */
  amounts: JsonText
  created_at: Instant
}

export interface ProviderTable {
  id: ProviderId
  name: string
  kind: string
  /** JSON; secret fields are { "$secret": "sec_..@1" }. */
  config: JsonText
  /** JSON: image name -> { ref, user }. */
  images: JsonText
  /** JSON: { cpu, memory, disk } factors. */
  overcommit: JsonText
  /** JSON: { perSecond, burst } calls; null: not limited. */
  rate_limit: JsonText | null
  /** JSON: { currency, perHour: flavor -> decimal text }; null: no price is known. */
  prices: JsonText | null
  state: 'healthy' | 'unreachable' | 'denied' | 'removing'
  state_since: Instant
  state_reason: string | null
  /** JSON: identity of its server, and of the last check health { version, latencyMs, missingRights } and capabilities. */
  facts: JsonText
  labels: JsonText
  version: number
  last_scan_at: Instant | null
  created_at: Instant
  deleted_at: Instant | null
}

/** A host, or a zone that does not show its hosts (then capacity columns are null: unlimited as far as we know). */
export interface HostTable {
  provider_id: ProviderId
  name: string
  zone: string
  cpu: number | null
  memory_bytes: number | null
  disk_bytes: number | null
  /** Use that is not ours, by the provider's report. */
  others_cpu: number
  others_memory_bytes: number
  others_disk_bytes: number
  /** Sum over our machines placed here whose capacity is held; kept exact by placement's store functions. */
  reserved_cpu: number
  reserved_memory_bytes: number
  reserved_disk_bytes: number
  state: 'ready' | 'maintenance' | 'unreachable' | 'gone'
  seen_at: Instant
}

/** A host (or a zone that does not show its hosts) that is to be empty. */
export interface MaintenanceTable {
  id: MaintenanceId
  provider_id: ProviderId
  host: string
  reason: string | null
  actor: string
  /** Our machines there when it began, COUNT. */
  machines: number
  started_at: Instant
  /** Until then platforms are moved in their windows only; null: at any time. */
  deadline_at: Instant | null
  /** null: something of ours is there, or was when last looked. */
  emptied_at: Instant | null
  /** null: it lasts. */
  ended_at: Instant | null
}

export interface BlueprintTable {
  digest: string
  name: string
  blueprint_version: string
  /** JSON of the parsed document. */
  document: JsonText
  /** JSON: path -> text of every script. */
  files: JsonText
  created_at: Instant
}

export interface PlatformTable {
  id: PlatformId
  tenant_id: TenantId
  project_id: ProjectId
  name: string
  blueprint_digest: string
  /** JSON: { parameters, ... } as asked for, defaults filled in. */
  spec: JsonText
  labels: JsonText
  /** Raised by every change of what is wanted. */
  generation: number
  want: 'present' | 'absent'
  state: PlatformState
  state_since: Instant
  state_reason: string | null
  deletion_protection: Flag
  ssh_public_key: string
  ssh_secret: string
  /** JSON: output name -> value or { "$secret": "sec_..@1" }. */
  outputs: JsonText
  /** ETag; raised by every visible write. */
  version: number
  created_at: Instant
  ready_at: Instant | null
  deleted_at: Instant | null
}

/** One wish for a platform; `number` is the generation that asked for it. */
export interface RevisionTable {
  platform_id: PlatformId
  number: number
  blueprint_digest: string
  /** As of the platform: JSON { parameters }. */
  spec: JsonText
  kind: 'create' | 'change' | 'rollback' | 'renew'
  /** Every machine is replaced, also where nothing differs. */
  renews: Flag
  actor: string
  created_at: Instant
  /** When all members followed it and what the change had reserved beyond was given back. */
  settled_at: Instant | null
}

export interface MemberTable {
  id: MemberId
  platform_id: PlatformId
  group_name: string
  ordinal: number
  incarnation: number
  state: MemberState
  state_since: Instant
  /** Why it leaves or was made, e.g. 'dead', 'scaleDown', 'delete', 'capacity', 'maintenance'. */
  cause: string | null
  machine_id: MachineId
  /** The wish it follows: a number of `revisions`. */
  revision: number
  /** Until when it is kept though another has its place; null: it is not. */
  warm_until: Instant | null
  created_at: Instant
}

/** The VM of a member's incarnation. Rows stay for ever: a deleted one is the tombstone of its key. */
export interface MachineTable {
  id: MachineId
  tenant_id: TenantId
  project_id: ProjectId
  platform_id: PlatformId
  member_id: MemberId
  /** e.g. worker-1@2 */
  member: string
  provider_id: ProviderId
  /** The resource key; never used again. */
  resource_key: string
  /** JSON of the exact request sent to create, secrets by reference; written before the first create. */
  spec: JsonText
  spec_hash: string
  native_ref: string | null
  state: MachineState
  state_since: Instant
  zone: string
  host: string | null
  cpu: number
  memory_bytes: number
  disk_bytes: number
  /** Whether this row still counts in its host's reserved_*. */
  capacity_held: Flag
  /** JSON: [{ address, port }]: where SSH answers. */
  endpoints: JsonText
  /** JSON: [address]: what other machines of its network reach it by. */
  addresses: JsonText
  login_user: string
  host_key: string
  host_key_secret: string
  /** When a create was last about to be sent; null means the provider never heard of the key. */
  create_sent_at: Instant | null
  /** When it was first seen absent or failed though wanted, cleared when seen well. */
  missing_since: Instant | null
  /** When its checks found it ill so that it is to be made anew, cleared when they pass again. */
  ill_since: Instant | null
  gone_at: Instant | null
  created_at: Instant
}

/** One per platform: when it is due, and who holds it. */
export interface RunTable {
  platform_id: PlatformId
  due_at: Instant | null
  /** JSON of the owner process (boot id, pid namespace, pid, start time, process id), or null. */
  owner: JsonText | null
  lease_until: Instant | null
  fence: number
}

/** What is remembered of one step. */
export interface RecordTable {
  platform_id: PlatformId
  key: string
  kind: string
  mode: 'each' | 'once' | 'fresh'
  /** member of an each step, founder of a once step (e.g. manager-0@1); null otherwise. */
  member: string | null
  /** JSON of the planned step (symbolic), so that it can be removed when no plan mentions it. */
  input: JsonText
  achieved: string | null
  attempting: string | null
  status: 'idle' | 'running' | 'waiting' | 'blocked' | 'done'
  outputs: JsonText
  suspect: string | null
  /** Attempts made for the present `attempting`. */
  attempts: number
  first_attempt_at: Instant | null
  deadline_at: Instant | null
  next_at: Instant | null
  /** Why it waits, for explain. */
  reason: string | null
  /** JSON Problem when blocked, or of the last failure. */
  problem: JsonText | null
  /** JSON kept by the step kind between tries, e.g. the id of the script attempt in flight. */
  memo: JsonText | null
  started_at: Instant | null
  finished_at: Instant | null
}

/** One try at a step, recorded with its fence before it starts. */
export interface AttemptTable {
  id: string
  platform_id: PlatformId
  step_key: string
  fingerprint: string
  number: number
  /** Member it runs on, e.g. manager-0@1, and that machine. */
  executor: string | null
  machine_id: MachineId | null
  fence: number
  started_at: Instant
  ended_at: Instant | null
  outcome: 'done' | 'failed' | 'lost' | 'abandoned' | null
  exit_code: number | null
  detail: string | null
}

export interface LogTable {
  attempt_id: string
  /** Byte offset of this chunk in the redacted log. */
  log_offset: number
  chunk: string
  at: Instant
}

/** A choice taken once: whom to add, remove, replace, where, who founds. */
export interface DecisionTable {
  id: string
  platform_id: PlatformId
  at: Instant
  kind: string
  subject: string
  reason: string
  data: JsonText
}

export interface ProblemTable {
  id: string
  platform_id: PlatformId
  machine_id: MachineId | null
  /** Member, step key, host, zone or 'platform'. */
  subject: string
  code: string
  detail: string
  /** JSON: names of the resolutions a person may choose. */
  resolutions: JsonText
  since: Instant
  resolved_at: Instant | null
  resolution: string | null
  /** Where a host or a zone is that is dead; null: it is about something else. */
  provider_id: ProviderId | null
  /** Name of that host or zone; two providers may have one of the same name. */
  place: string | null
}

/** The machines that went down with a host or a zone. */
export interface ProblemMachineTable {
  problem_id: string
  machine_id: MachineId
  /** e.g. worker-1@2 */
  member: string
}

export interface TaskTable {
  id: TaskId
  kind: string
  tenant_id: TenantId
  project_id: ProjectId
  platform_id: PlatformId
  generation: number | null
  operation: string | null
  state: TaskState
  reason: string | null
  problem: JsonText | null
  superseded_by: TaskId | null
  actor: string
  created_at: Instant
  started_at: Instant | null
  ended_at: Instant | null
}

/** How long a task took that is done; outlives its platform and names no tenant. */
export interface DurationTable {
  task_id: TaskId
  /** Its blueprint's name and version when it ended. */
  blueprint: string
  blueprint_version: string
  /** Of the task. */
  kind: string
  /** JSON: names of the kinds of its machines' providers, sorted; they tell simulated machines from real ones. */
  provider_kinds: JsonText
  /** Machines that were there while it ran, COUNT. */
  machines: number
  /** From its start to its end. */
  seconds: number
  ended_at: Instant
}

/** A platform that hibernates, or wakes and is not ready yet: decided when it was asked for. */
export interface HibernationTable {
  platform_id: PlatformId
  power: 'on' | 'off'
  /** JSON: who is stopped and started. */
  members: JsonText
  /** Who asked for it. */
  task_id: TaskId
}

/** When a platform is to hibernate and to wake. */
export interface ScheduleTable {
  platform_id: PlatformId
  hibernate_cron: string | null
  wake_cron: string | null
  time_zone: string
  /** Times up to here were dealt with. */
  seen_at: Instant
  /** What was due last and is not done yet. */
  pending: 'hibernate' | 'wake' | null
}

/** Until when a platform is wanted. */
export interface LeaseTable {
  platform_id: PlatformId
  expires_at: Instant
  /** From the expiry to the deletion, ms, as far as it was watched. */
  grace_ms: number
  /** JSON: [ms before the expiry] of the reminders that were given. */
  reminded: JsonText
  /** When it was first seen to be over. */
  expired_at: Instant | null
  /** Whether its machines were stopped because of it. */
  hibernated: Flag
  /** JSON { lastsMs, at }: for how long it was seen to be over. */
  watched: JsonText | null
}

/** When what can wait may be done on a platform. */
export interface MaintenanceWindowTable {
  platform_id: PlatformId
  cron: string
  time_zone: string
  duration_ms: number
}

/** A platform that follows the versions of its blueprint by itself. */
export interface AutoUpgradeTable {
  platform_id: PlatformId
  /** As far as: the last of three numbers may differ, or the last two. */
  follow: 'patch' | 'minor'
  /** Digest of the version that was begun by itself last. */
  tried: string | null
  /** When it was refused last, for want of quota, of capacity or of a parameter. */
  refused_at: Instant | null
}

/** One run of an operation, beside its task. */
export interface OperationTable {
  task_id: TaskId
  platform_id: PlatformId
  /** The blueprint it was asked for with; an upgrade meanwhile does not change it. */
  blueprint_digest: string
  mode: 'shared' | 'exclusive'
  /** JSON: its own parameters, defaults filled in. */
  parameters: JsonText
  /** JSON: all parameters, members and founders as they were when it was asked for. */
  input: JsonText
  /** JSON: output name -> value or { "$secret": "sec_..@1" }. */
  outputs: JsonText
}

export interface ReceiptTable {
  id: ReceiptId
  platform_id: PlatformId
  tenant_id: TenantId
  project_id: ProjectId
  state: 'open' | 'complete' | 'reopened'
  created_at: Instant
  completed_at: Instant | null
}

/** One provider object and the observation that proved it gone. */
export interface ReceiptObjectTable {
  platform_id: PlatformId
  provider_id: ProviderId
  resource_key: string
  kind: string
  native_ref: string | null
  machine_id: MachineId
  /** e.g. 'absentByConsistentLookup', 'neverSent', 'absentForSettle'. */
  proof: string
  observed_at: Instant
  reopened_at: Instant | null
}

export interface SecretTable {
  id: SecretId
  version: number
  owner: string
  purpose: string
  ciphertext: string
  created_at: Instant
}

export interface DataKeyTable {
  owner: string
  wrapped: string
  created_at: Instant
}

export interface EventTable {
  seq: Generated<number>
  at: Instant
  kind: string
  tenant_id: TenantId | null
  project_id: ProjectId | null
  platform_id: PlatformId | null
  machine_id: MachineId | null
  task_id: TaskId | null
  step: string | null
  subject_kind: string
  subject_id: string
  from_state: string | null
  to_state: string | null
  actor: string
  cause: string | null
  data: JsonText
}

export interface IdempotencyTable {
  actor: string
  key: string
  request_hash: string
  status: number
  headers: JsonText
  body: string
  created_at: Instant
}
