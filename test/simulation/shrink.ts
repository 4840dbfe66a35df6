// A failing history made as short as it goes: whatever can be left out while the same promise is still broken.

import type { Action, Script } from './action.ts'
import { liveThrough, type Outcome } from './history.ts'
import type { Template } from './template.ts'
import type { WorldOptions } from './world.ts'

/** Histories it may take at most, COUNT. */
const budget = 120

export interface Shrunk {
  readonly script: Script
  readonly outcome: Outcome
  /** Histories it took, COUNT. */
  readonly histories: number
}

/** Leaves out halves, then quarters, and so on to single actions, until none can be spared. */
export async function shrink(
  template: Template,
  failing: Script,
  failed: Outcome,
  options: WorldOptions = {},
): Promise<Shrunk> {
  const invariant = failed.violation?.invariant
  let best = { script: failing, outcome: failed }
  let histories = 0

  async function tried(actions: readonly Action[]): Promise<boolean> {
    if (histories >= budget) return false
    histories += 1
    const script = { ...failing, actions }
    const outcome = await liveThrough(template, script, options)
    if (outcome.violation?.invariant !== invariant) return false
    best = { script, outcome }
    return true
  }

  for (let size = Math.ceil(failing.actions.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.script.actions.length && histories < budget; ) {
      const { actions } = best.script
      const without = [...actions.slice(0, at), ...actions.slice(at + size)]
      if (!(await tried(without))) at += size
    }
  }
  return { ...best, histories }
}
