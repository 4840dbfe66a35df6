// Planning: the pure plan and the schedule over it, made anew whenever members, parameters or blueprint change. It may
// cost what the platform's size is, and nothing more: the figure per 1,000 members should not grow with the platform.

import { plan } from '../../src/blueprints/index.ts'
import { buildSchedule } from '../../src/engine/schedule.ts'
import { blueprintAt, building } from '../blueprints/support/platform.ts'
import { type Spread, spreadOf } from './figures.ts'

export interface PlanningRow {
  readonly blueprint: string
  readonly members: number
  readonly steps: number
  /** ms for plan and schedule of the whole platform, per 1,000 members. */
  readonly msPerThousand: Spread
}

const sizes: readonly (readonly [blueprint: string, parameters: Readonly<Record<string, number>>])[] = [
  ['machines', { count: 100 }],
  ['machines', { count: 1_000 }],
  ['swarm', { managers: 7, workers: 50 }],
  ['swarm', { managers: 7, workers: 500 }],
]

export async function planningRows(rounds: number): Promise<readonly PlanningRow[]> {
  const rows: PlanningRow[] = []
  for (const [name, parameters] of sizes) {
    const blueprint = await blueprintAt(`blueprints/${name}`)
    const platform = building(blueprint, parameters)
    const members = platform.members.length
    const once = (): number => {
      const { steps } = plan(blueprint, platform)
      buildSchedule(steps, () => false)
      return steps.length
    }
    // Small platforms are planned so often in a round that the clock's grain does not matter.
    const times = Math.max(1, Math.round(1_000 / members))
    for (let warm = 0; warm < 20; warm++) once()
    const took: number[] = []
    let steps = 0
    for (let round = 0; round < rounds; round++) {
      const began = performance.now()
      for (let time = 0; time < times; time++) steps = once()
      took.push(((performance.now() - began) / times / members) * 1_000)
    }
    rows.push({ blueprint: name, members, steps, msPerThousand: spreadOf(took) })
  }
  return rows
}
