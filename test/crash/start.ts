// Where the lives of a sweep start: one life is brought to just before the operation, and every other one goes on from a
// copy of its database and its world, as if it had come there itself.

import type { PlatformId } from '../../src/kernel/ids.ts'
import { type Life, type LifeOptions, type LifeState, type MemoryLife, openLife } from './installation.ts'
import type { Operation } from './operations.ts'
import type { Parts } from './process.ts'
import type { Template } from './template.ts'

export type MemoryOperation = Operation<MemoryLife>

export interface Start extends AsyncDisposable {
  readonly operation: MemoryOperation
  /** Of every process, also of the one that prepared. */
  readonly parts: Parts
  /** False when something was still under way, so that each life is prepared anew. */
  readonly copied: boolean
  /** A life just before the operation, no process of which is left; the first one is the one that was prepared. */
  begin(): Promise<Begun>
}

export interface Begun extends AsyncDisposable {
  readonly life: MemoryLife
  readonly platform: PlatformId | null
}

export async function startOf(
  template: Template,
  operation: MemoryOperation,
  options: LifeOptions = {},
  parts: Parts = {},
): Promise<Start> {
  const { standing } = operation
  const open = (from?: LifeState) => openLife(template, { ...options, ...(standing && { standing }) }, from)
  async function prepared(): Promise<Begun> {
    const life = open()
    try {
      return begun(life, await begin(life, operation, parts))
    } catch (error) {
      await life[Symbol.asyncDispose]()
      throw error
    }
  }
  const first = await prepared()
  // What needs no time any more may come to its end: a process was killed in its midst.
  await first.life.clock.settle()
  const state = first.life.state()
  let untouched = true
  return {
    operation,
    parts,
    copied: state !== undefined,
    async begin() {
      const isFirst = untouched
      untouched = false
      if (isFirst) return first
      return state === undefined ? prepared() : begun(open(state), first.platform)
    },
    [Symbol.asyncDispose]: () => first[Symbol.asyncDispose](),
  }
}

function begun(life: MemoryLife, platform: PlatformId | null): Begun {
  return { life, platform, [Symbol.asyncDispose]: () => life[Symbol.asyncDispose]() }
}

/** Brings a life to where the operation starts, untouched; no process is left. */
export async function begin<L extends Life>(
  life: L,
  operation: Operation<L>,
  parts: Parts = {},
): Promise<PlatformId | null> {
  const first = await life.start(null, { ...parts, ...operation.parts })
  const platform = await operation.prepare(life, first)
  await first.kill()
  return platform
}
