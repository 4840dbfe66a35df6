export type { EngineDeps, EngineHooks } from './deps.ts'
export { type Engine, startEngine } from './engine.ts'
export { type HealthCheck, healthCheck } from './health-check.ts'
export { hibernatePlatform, wakePlatform } from './hibernate.ts'
export { holdPlatform, isAsleep, pausePlatform, resumePlatform } from './hold.ts'
export { makeDue } from './lease.ts'
export { loadPlatform } from './load.ts'
export { operationInputSchema } from './load-operations.ts'
export { recordView } from './load-records.ts'
export { decisionsRest } from './operations.ts'
export { localProcesses, type Owner, type Processes } from './owner.ts'
export { planOf } from './planning.ts'
export { startingOrder, stoppingOrder } from './power-steps.ts'
export { retryBlocked } from './retry.ts'
export type { BlueprintSource } from './source.ts'
export type {
  GoneProof,
  LogSink,
  MachineChange,
  MachineFacts,
  RecordedAttempt,
  ResolvedInput,
  StepContext,
  StepKind,
  StepOutcome,
} from './step-kind.ts'
export { isStill } from './still.ts'
export { openTaskStates } from './tasks.ts'
export { type MemberView, type PlatformView, type RecordView, wishOf } from './view.ts'
