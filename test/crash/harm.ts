// What happens to machines behind Gantry's back, by slot; whose first incarnation has it.

import type { SimMachine } from '../../providers/simulated/world/sim-machine.ts'
import type { PlatformId } from '../../src/kernel/ids.ts'
import type { Store } from '../../src/store/store.ts'
import type { MemoryLife } from './installation.ts'
import type { Process } from './process.ts'

/** Undefined when it is not there (any more). */
export function machineOf(life: MemoryLife, slot: string): SimMachine | undefined {
  return life.world.living().find(({ key }) => String(key).endsWith(`/${slot}@1`))
}

/** It is not what it was asked to be. */
export function alter(life: MemoryLife, slot: string): void {
  const machine = machineOf(life, slot)
  if (machine) Object.assign(machine, { request: { ...machine.request, specHash: 'another' } })
}

export function turnOff(life: MemoryLife, slot: string): void {
  const machine = machineOf(life, slot)
  if (machine) life.world.kill(machine, 'off')
}

export function turnOn(life: MemoryLife, slot: string): void {
  const machine = machineOf(life, slot)
  if (machine && machine.power === 'off') life.world.powerOn(machine)
}

/** Everything on the host of the slot is gone with it; answers the slots. */
export function loseHost(life: MemoryLife, slot: string): readonly string[] {
  const host = machineOf(life, slot)?.host
  const lost = life.world.living().filter((machine) => machine.host === host)
  for (const machine of lost) life.world.kill(machine, 'failed')
  return lost.map(({ key }) => String(key).split('/').at(-1)?.split('@')[0] ?? '')
}

/** Problems that nobody has resolved yet, the oldest first. */
export function openProblems(store: Store) {
  return store.read.selectFrom('problems').selectAll().where('resolved_at', 'is', null).orderBy('since').execute()
}

export async function hasProblem(store: Store, code: string): Promise<boolean> {
  return (await openProblems(store)).some((problem) => problem.code === code)
}

export async function expectNoProblem(store: Store): Promise<void> {
  const open = await openProblems(store)
  if (open.length > 0) throw new Error(`left open: ${open.map(({ code, subject }) => `${code} of ${subject}`).join()}`)
}

/** Runs until the problem is named. */
export async function named(life: MemoryLife, process: Process, code: string): Promise<void> {
  await life.wait(process.care.scanNow())
  await process.run((store) => hasProblem(store, code))
}

/** Whether the slot's next incarnation, or that of `incarnation`, is ready. */
export async function isSucceeded(store: Store, slot: string, incarnation = 2): Promise<boolean> {
  const successor = store.read.selectFrom('machines').select('state').where('member', '=', `${slot}@${incarnation}`)
  return (await successor.executeTakeFirst())?.state === 'ready'
}

export async function eventsOf(store: Store, platform: PlatformId, kind: string) {
  return store.read
    .selectFrom('events')
    .select('data')
    .where('platform_id', '=', platform)
    .where('kind', '=', kind)
    .execute()
}
