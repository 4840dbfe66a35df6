import type { PlatformState } from '../kernel/states.ts'

/** Held: its task was cancelled. Paused: a person wants it left alone. Nothing begins in either. */
export const stillStates = ['held', 'paused'] as const satisfies readonly PlatformState[]

export function isStill(state: PlatformState): state is (typeof stillStates)[number] {
  return stillStates.some((still) => still === state)
}
