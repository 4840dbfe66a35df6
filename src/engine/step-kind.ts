// The contract between the engine, which knows when a step is due, and the step kinds, which know how
// to make it so. One method, safe to call any number of times: first run, retry, resume after a crash
// and repair of drift are the same call. It looks, then acts.

import type { MemberRef, PlanStep, ScriptInput, ScriptStep } from '../blueprints/plan-types.ts'
import type { Json } from '../kernel/canonical.ts'
import type { Endpoint } from '../kernel/endpoint.ts'
import type { MachineId, PlatformId, ProviderId } from '../kernel/ids.ts'
import type { Outcome } from '../kernel/outcome.ts'
import type { Seams } from '../kernel/seams.ts'
import type { MachineState } from '../kernel/states.ts'

/** A machine as steps see it; read fresh from memory of the run, written only through outcomes. */
export interface MachineFacts {
  readonly id: MachineId
  readonly member: MemberRef
  readonly providerId: ProviderId
  readonly resourceKey: string
  /** JSON of the exact request, secrets by reference. */
  readonly spec: string
  readonly specHash: string
  readonly nativeRef: string | null
  readonly state: MachineState
  readonly zone: string
  readonly host: string | null
  readonly endpoints: readonly Endpoint[]
  readonly addresses: readonly string[]
  readonly loginUser: string
  readonly hostKey: string
  /** `sec_..@n`. */
  readonly hostKeySecret: string
  /** ms; null: the provider never heard of the key. */
  readonly createSentAt: number | null
}

/** What a step learned about its machine; written with its outcome. */
export interface MachineChange {
  readonly state?: MachineState
  readonly nativeRef?: string
  readonly endpoints?: readonly Endpoint[]
  readonly addresses?: readonly string[]
}

/** The observation that proved an object gone. */
export interface GoneProof {
  readonly kind: string
  readonly ref: string | null
  readonly proof: 'neverSent' | 'absentByConsistentLookup' | 'absentForSettle'
  /** When the look was asked for, ms since 1970: what comes into being while its answer travels is not denied. */
  readonly observedAt: number
}

export interface Done {
  readonly outputs?: Readonly<Record<string, { readonly value: string; readonly secret: boolean }>>
  readonly machine?: MachineChange
  readonly gone?: readonly GoneProof[]
}
export type StepOutcome = Outcome<Done>

/** A script attempt as recorded before it starts. */
export interface RecordedAttempt {
  readonly id: string
  readonly number: number
  /** What it was to achieve; a newer plan may want something else by now. */
  readonly fingerprint: string
  readonly executor: MemberRef
  readonly machineId: MachineId | null
  /** Fence of the lease it was recorded under. */
  readonly fence: number
  readonly startedAt: number
}

/** How an attempt ended. */
export interface AttemptEnding {
  readonly outcome: 'done' | 'failed' | 'lost' | 'abandoned'
  readonly exitCode: number | null
  readonly detail: string | null
}

/** A script's inputs, resolved for one attempt. */
export interface ResolvedInput {
  readonly env: Readonly<Record<string, string>>
  readonly secretEnv: Readonly<Record<string, string>>
}

/** A script that is sent along with the one before it, and begins by itself when that has ended well. */
export interface Leg {
  readonly step: ScriptStep
  readonly attempt: RecordedAttempt
  readonly input: ResolvedInput
}

export type ResolvedOrWait =
  | { readonly kind: 'resolved'; readonly input: ResolvedInput }
  | Exclude<StepOutcome, { kind: 'done' }>

export interface LogSink {
  /** How many raw bytes were taken so far. */
  readonly rawOffset: number
  /** Answers the redacted text of what was stored now. */
  push(bytes: Uint8Array): Promise<string>
  /** The attempt is over: writes what redaction held back. */
  end(): Promise<void>
}

export interface StepContext {
  readonly platformId: PlatformId
  /** As people call it, for what they are told to type. */
  readonly platformName: string
  readonly step: PlanStep
  readonly fingerprint: string
  readonly seams: Seams
  /** Aborted when the lease is lost or the process stops; every outside call gets it. */
  readonly signal: AbortSignal
  /** The lease's fence. */
  readonly fence: number
  /** ms since 1970 after which this step gives up. */
  readonly deadlineAt: number
  /** Throws for a member that is gone; `knows` tells. */
  machine(member: MemberRef): MachineFacts
  knows(member: MemberRef): boolean
  /** Whether the machine of a member is believed to answer. */
  answers(member: MemberRef): boolean
  /** Resolves once a lease with at least 5 s left is in hand; rejects otherwise. Called before each outside call. */
  mayAct(): Promise<void>
  /** False while the installation only reports (after a restore): nothing of ours is destroyed then. */
  mayDestroy(): Promise<boolean>
  /** Commits that a create of this member's key is about to be sent (the tombstone's beginning). */
  markCreateSent(member: MemberRef): Promise<void>
  /** Commits a machine change that must survive even if the step ends as wait or failed. */
  noteMachine(member: MemberRef, change: MachineChange): Promise<void>
  secret(ref: string): Promise<string>
  /** The platform's SSH key: private PEM. */
  sshKey(): Promise<string>
  /** The script's text, of the version with this digest. */
  script(input: Pick<ScriptInput, 'path' | 'digest'>): string
  /** Whom an `anyHealthy` step runs on now; null when nobody is fit. */
  executor(): MemberRef | null
  /** Resolves `with` and `using` for an attempt: a fresh step is run for one about to start, and remembered for one in flight. */
  resolve(executor: MemberRef): Promise<ResolvedOrWait>
  /** The attempt recorded and not ended for this fingerprint, if any. */
  readonly inFlight: RecordedAttempt | null
  /**
   * Records the attempt in flight, or a new one, and those of the scripts that can travel behind it, with the lease's
   * fence; committed when this resolves. Called just before it is started.
   */
  recordJourney(executor: MemberRef): Promise<{ readonly attempt: RecordedAttempt; readonly behind: readonly Leg[] }>
  /** Ends the attempt in flight; written together with the outcome or the next attempt, so that a crash cannot come between. */
  endAttempt(outcome: AttemptEnding['outcome'], exitCode: number | null, detail: string | null): void
  /** Where the attempt's raw log goes, redacted; reading goes on at `rawOffset`. */
  openLog(attemptId: string, secrets: readonly string[]): Promise<LogSink>
  /** Kept between tries of this step (JSON), durable. */
  readonly memo: Json
  setMemo(value: Json): Promise<void>
}

/** What is needed to wind up an attempt whose step nobody asks for any more. */
export type WindUpContext = Pick<StepContext, 'platformId' | 'fence' | 'signal' | 'mayAct' | 'machine' | 'sshKey'>

export interface StepKind {
  readonly kind: PlanStep['kind']
  /** Raised only where existing steps must really run again: it is part of every fingerprint. */
  readonly revision: number
  /** Makes it so, or says why not yet. `step.want` tells which way. Never throws for what the world does. */
  ensure(ctx: StepContext): Promise<StepOutcome>
  /**
   * Sees to it that an attempt that has not begun never does, and answers how it ended; undefined while it runs, or
   * while its machine does not tell. Only kinds that record attempts have it.
   */
  windUp?(ctx: WindUpContext, attempt: RecordedAttempt): Promise<AttemptEnding | undefined>
}
