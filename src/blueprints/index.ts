// The room's door: everything that others may use.

export {
  inspectBlueprint,
  type ParsedBlueprint,
  parseBlueprint,
  storedBlueprint,
} from './blueprint.ts'
export { isChanged, stepsToRun } from './change.ts'
export type { Blueprint } from './document.ts'
export { builtinEnvironment, type MemberFacts, previousPrefix } from './environment.ts'
export { executorsOf } from './executors.ts'
export type { BlueprintFiles } from './files.ts'
export { loadBlueprintFolder } from './folder.ts'
export { groupsOf } from './groups.ts'
export { blueprintJsonSchema } from './json-schema.ts'
export {
  isOperationKey,
  isPowerKey,
  machineKey,
  onceKey,
  operationPrefix,
  powerKey,
  restartKey,
  sshKey,
} from './keys.ts'
export { type Strategy, type UpdateRules, updateRules } from './language/update.ts'
export {
  type MachineCheck,
  machineChecks,
  platformCheckEveryMs,
  type StepVerify,
  stepVerifies,
} from './machine-checks.ts'
export { planOperation, resolveOperationParameters } from './operation.ts'
export { inOrder } from './order.ts'
export { operationJsonSchema, parameterJsonSchema, resolveParameters } from './parameters.ts'
export { plan, planWishes } from './plan.ts'
export * from './plan-types.ts'
export type { Wish } from './wish.ts'
