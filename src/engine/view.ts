// What a run knows of its platform, in memory: read once, then kept in step with every write of the run.

import type { Blueprint, Wish } from '../blueprints/index.ts'
import type { MemberRef, OperationPlan, PlanStep } from '../blueprints/plan-types.ts'
import type { Json } from '../kernel/canonical.ts'
import type { MemberId, PlatformId, ProjectId, TaskId, TenantId } from '../kernel/ids.ts'
import type { Problem } from '../kernel/problem.ts'
import type { MachineState, MemberState, PlatformState, TaskState } from '../kernel/states.ts'
import type { MachineFacts, RecordedAttempt } from './step-kind.ts'

export interface PlatformView {
  readonly id: PlatformId
  readonly tenantId: TenantId
  readonly projectId: ProjectId
  readonly name: string
  /** What is wanted now. */
  readonly wish: Wish
  /** Wishes of before that members still follow, newest first. */
  readonly older: readonly Wish[]
  /** False from a change until every member follows it and what it took beyond is given back. */
  readonly settled: boolean
  /** Machines that follow an older wish than this are replaced, also where nothing differs; 0: none. */
  readonly renewedAt: number
  readonly blueprint: Blueprint
  readonly parameters: Readonly<Record<string, Json>>
  readonly generation: number
  readonly want: 'present' | 'absent'
  state: PlatformState
  stateReason: string | null
  readyAt: number | null
  /** An open problem of the platform as a whole (quorum lost): it blocks until a person chooses. */
  readonly problem: Problem | null
  /** What its own check says while it fails, again and again; null: it does not, or nobody wants to hear of it. */
  readonly unhealthy: string | null
  readonly sshSecret: string
  /** As they were told last. */
  outputs: StoredOutputs
  /** Tasks of this platform's wishes that have not ended. */
  tasks: readonly OpenTask[]
  /** Operations that have not ended, oldest first, and those whose attempts still are under way. */
  readonly operations: readonly OperationView[]
  readonly members: Map<MemberRef, MemberView>
  /** Its machines are stopped, or started again; null: neither. */
  hibernation: HibernationView | null
  readonly records: Map<string, RecordView>
  readonly founders: Readonly<Record<string, MemberRef>>
  /** How often each group was decided to be founded: 1, and one more for each time that a person gave it up. */
  readonly foundings: Readonly<Record<string, number>>
  /** Voters of a quorum that a person gave up: whatever they say, they are replaced. */
  readonly abandoned: ReadonlySet<MemberRef>
  /** Members whose machines a person had started anew, and how often. */
  readonly restarts: ReadonlyMap<MemberRef, number>
  /** Attempts recorded and not ended, by step key. */
  readonly inFlight: Map<string, RecordedAttempt>
}

/** A request under way, bound to the generation it asked for. */
export interface OpenTask {
  readonly id: TaskId
  readonly generation: number
  readonly state: TaskState
}

/** Whose machines are stopped or started; decided once, when it was asked for. */
export interface HibernationView {
  readonly power: 'on' | 'off'
  readonly members: readonly MemberRef[]
  /** Who asked for it. */
  readonly task: TaskId
}

export interface OperationView {
  readonly task: TaskId
  readonly name: string
  /** The version it was asked for with. */
  readonly blueprint: Blueprint
  readonly plan: OperationPlan
  /** Of its task. */
  state: TaskState
}

export interface MemberView {
  readonly id: MemberId
  readonly ref: MemberRef
  readonly name: string
  readonly group: string
  readonly ordinal: number
  readonly incarnation: number
  state: MemberState
  readonly cause: string | null
  /** The wish it follows. */
  readonly revision: number
  /** Until when it is kept though another has its place, ms since 1970; null: it is not. */
  readonly warmUntil: number | null
  machine: MachineFacts & { state: MachineState; missing: boolean }
}

/** The wish a member follows. */
export function wishOf(view: Pick<PlatformView, 'wish' | 'older'>, member: Pick<MemberView, 'revision'>): Wish {
  return view.older.find((wish) => wish.revision === member.revision) ?? view.wish
}

/** Of a platform: a value, or the reference of a secret one. */
export type StoredOutputs = Readonly<Record<string, string | { readonly $secret: string }>>

export type Outputs = Readonly<Record<string, { readonly value: string; readonly secret: boolean }>>

export interface RecordView {
  readonly key: string
  readonly kind: string
  readonly mode: 'each' | 'once' | 'fresh'
  readonly member: MemberRef | null
  readonly input: string
  readonly achieved: string | null
  readonly attempting: string | null
  readonly status: 'idle' | 'running' | 'waiting' | 'blocked' | 'done'
  /** Secret outputs hold their reference `sec_..@n`. */
  readonly outputs: Outputs
  readonly suspect: string | null
  readonly attempts: number
  readonly firstAttemptAt: number | null
  readonly deadlineAt: number | null
  readonly nextAt: number | null
  readonly reason: string | null
  readonly problem: Problem | null
  readonly memo: Json
  readonly startedAt: number | null
  readonly finishedAt: number | null
}

/** The record of a step as it is when nothing was tried yet. */
export function freshRecord(step: PlanStep): RecordView {
  return {
    key: step.key,
    kind: step.kind,
    mode: step.mode,
    member: step.member,
    input: JSON.stringify({ kind: step.kind, input: step.input }),
    achieved: null,
    attempting: null,
    status: 'idle',
    outputs: {},
    suspect: null,
    attempts: 0,
    firstAttemptAt: null,
    deadlineAt: null,
    nextAt: null,
    reason: null,
    problem: null,
    memo: null,
    startedAt: null,
    finishedAt: null,
  }
}
