// What an engine is given. It knows no provider, no HTTP and no policy: those come in as functions.

import type { PlanStep } from '../blueprints/plan-types.ts'
import type { MachineId, PlatformId } from '../kernel/ids.ts'
import type { Seams } from '../kernel/seams.ts'
import type { Vault } from '../secrets/index.ts'
import type { Store, Tx } from '../store/store.ts'
import type { Processes } from './owner.ts'
import type { BlueprintSource } from './source.ts'
import type { StepKind } from './step-kind.ts'
import type { MemberView, PlatformView } from './view.ts'

export interface EngineDeps {
  readonly store: Store
  readonly seams: Seams
  readonly processes: Processes
  readonly vault: Vault
  readonly kinds: ReadonlyMap<PlanStep['kind'], StepKind>
  readonly blueprints: BlueprintSource
  readonly hooks: EngineHooks
  /** How many platforms are worked on at once, COUNT. */
  readonly concurrency: number
  readonly log: (message: string, facts: { readonly [name: string]: unknown }) => void
}

/** What care, quota and placement want to do inside the engine's transactions. */
export interface EngineHooks {
  /**
   * Takes the decisions that are due (replace a dead member, found anew, place again) and writes them.
   * Reads the view it is given and the database. True when members, founders or problems changed.
   */
  decide(tx: Tx, view: PlatformView): Promise<boolean>
  /** The member's machine was observed gone, and the member is gone: frees what it held, and its slot if nobody else has it. */
  machineGone(tx: Tx, gone: { platform: PlatformId; machine: MachineId; group: string; ordinal: number }): Promise<void>
  /** The member's machine was stopped, or ill, and was seen to run. */
  machineRuns(tx: Tx, runs: { view: PlatformView; member: MemberView }): Promise<void>
  /** The platform is deleted: frees what the platform itself held. */
  platformGone(tx: Tx, platformId: PlatformId): Promise<void>
}
