import type { Json } from '../kernel/canonical.ts'
import type { Blueprint } from './document.ts'
import { durationMs } from './language/primitives.ts'
import { parseSelection } from './language/selection.ts'
import type { HealthSpec, PlanMember } from './plan-types.ts'
import { scriptInput } from './values.ts'
import { viewOf } from './view.ts'

/** The check of the whole platform that goes on after it is built; null when the blueprint has none. */
export function healthOf(
  blueprint: Blueprint,
  parameters: Readonly<Record<string, Json>>,
  members: readonly PlanMember[],
): HealthSpec | null {
  const health = blueprint.document.health?.platform
  if (health === undefined) return null
  const on = parseSelection(health.on)
  if (on.kind !== 'anyHealthy') throw new Error(`health runs on any-healthy, not ${health.on}`)
  const view = viewOf(blueprint, { parameters, members, founders: {}, founded: new Set() })
  return {
    on: { kind: 'anyHealthy', group: on.group, except: [] },
    everyMs: durationMs(health.every ?? '10s'),
    input: scriptInput(view, 'health', health, null),
  }
}
