// The room's door: everything that others may use.

export {
  type BlueprintFiles,
  inspectBlueprint,
  type ParsedBlueprint,
  parseBlueprint,
  storedBlueprint,
} from './blueprint.ts'
export { stepsToRun } from './change.ts'
export type { Blueprint, BlueprintDocument } from './document.ts'
export {
  type BuiltinVariable,
  builtinEnvironment,
  builtinVariables,
  type MemberFacts,
  previousPrefix,
} from './environment.ts'
export { type Candidate, executorsOf } from './executors.ts'
export { loadBlueprintFolder } from './folder.ts'
export { groupsOf } from './groups.ts'
export { healthOf } from './health.ts'
export { blueprintJsonSchema } from './json-schema.ts'
export { eachKey, freshKey, gateKey, leaveKey, machineKey, onceKey, sshKey } from './keys.ts'
export type { Mistake } from './mistake.ts'
export { parameterJsonSchema, resolveParameters } from './parameters.ts'
export { plan } from './plan.ts'
export * from './plan-types.ts'
