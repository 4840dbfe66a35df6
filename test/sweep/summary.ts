// What a run of the sweeps has done, what earlier ones had, and what of all there is that makes: in three lines; and which sweeps could not copy what they had prepared.

import type { Passed } from './ledger.ts'

export interface Ran {
  /** Every sweep that passed on this source, in the order in which they did. */
  readonly all: readonly Passed[]
  /** So many of them, the first ones, in earlier runs. COUNT */
  readonly before: number
  /** Boundaries of each sweep there is. COUNT */
  readonly recorded: Readonly<Record<string, number>>
  /** Of this run. */
  readonly seconds: number
  readonly source: string
}

export function summary({ all, before, recorded, seconds, source }: Ran): string {
  const lives = (sweeps: readonly Passed[]) => sweeps.reduce((sum, one) => sum + one.lives, 0)
  const line = (what: string, sweeps: readonly Passed[], more: string) =>
    `${what.padEnd(9)}${count(sweeps.length, 'sweep')} passed, ${count(lives(sweeps), 'boundary', 'boundaries')} taken${more}`
  const boundaries = Object.values(recorded).reduce((sum, one) => sum + one, 0)
  const share = boundaries === 0 ? 0 : (100 * lives(all)) / boundaries
  const anew = all.filter(({ copied }) => !copied).map(({ name }) => name)
  return [
    line('this run', all.slice(before), `, ${time(seconds)}`),
    line('resumed', all.slice(0, before), ' in earlier runs on the same source, not run again'),
    line(
      'in all',
      all,
      ` of the ${count(boundaries, 'boundary', 'boundaries')} of ${count(Object.keys(recorded).length, 'sweep')} (${share.toFixed(1)} %), ` +
        `${time(all.reduce((sum, one) => sum + one.seconds, 0))} of lives, on ${source}`,
    ),
    ...(anew.length === 0 ? [] : [`prepared anew for each life: ${anew.join('; ')}`]),
  ].join('\n')
}

function count(n: number, one: string, several = `${one}s`): string {
  return `${n.toLocaleString('en')} ${n === 1 ? one : several}`
}

function time(seconds: number): string {
  return seconds < 60 ? `${seconds.toFixed(1)} s` : `${(seconds / 60).toFixed(1)} min`
}
