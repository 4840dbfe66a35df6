// States are closed, and this file holds the only tables of legal transitions: the write checks them
// (store functions call `assertTransition`), the API publishes them, src/README.md draws them.

export const platformStates = [
  'pending',
  'building',
  'ready',
  'changing',
  'degraded',
  'blocked',
  'held',
  'paused',
  'hibernated',
  'deleting',
  'deleted',
] as const
export type PlatformState = (typeof platformStates)[number]

export const machineStates = [
  'planned',
  'creating',
  'booting',
  'bootstrapping',
  'ready',
  'unhealthy',
  'replacing',
  'stopped',
  'deleting',
  'deleted',
  'lost',
] as const
export type MachineState = (typeof machineStates)[number]

export const taskStates = [
  'queued',
  'running',
  'waiting',
  'blocked',
  'done',
  'failed',
  'cancelled',
  'superseded',
] as const
export type TaskState = (typeof taskStates)[number]

export const memberStates = ['joining', 'in', 'changing', 'leaving', 'gone'] as const
export type MemberState = (typeof memberStates)[number]

type Table<S extends string> = { readonly [from in S]: readonly S[] }

export const platformTransitions: Table<PlatformState> = {
  pending: ['building', 'blocked', 'held', 'paused', 'deleting'],
  building: ['ready', 'degraded', 'blocked', 'held', 'paused', 'deleting'],
  ready: ['changing', 'degraded', 'blocked', 'held', 'paused', 'hibernated', 'deleting'],
  changing: ['ready', 'degraded', 'blocked', 'held', 'paused', 'hibernated', 'deleting'],
  degraded: ['ready', 'changing', 'building', 'blocked', 'held', 'paused', 'hibernated', 'deleting'],
  blocked: ['building', 'ready', 'changing', 'degraded', 'held', 'paused', 'hibernated', 'deleting'],
  held: ['building', 'changing', 'degraded', 'ready', 'blocked', 'paused', 'deleting'],
  paused: ['building', 'ready', 'changing', 'degraded', 'blocked', 'held', 'deleting'],
  hibernated: ['changing', 'degraded', 'ready', 'deleting'],
  deleting: ['deleted'],
  deleted: [],
}

export const machineTransitions: Table<MachineState> = {
  planned: ['creating', 'deleting', 'deleted'],
  creating: ['booting', 'bootstrapping', 'deleting', 'unhealthy', 'replacing', 'lost'],
  booting: ['bootstrapping', 'ready', 'unhealthy', 'stopped', 'replacing', 'deleting', 'lost'],
  bootstrapping: ['ready', 'unhealthy', 'stopped', 'replacing', 'deleting', 'lost'],
  ready: ['bootstrapping', 'unhealthy', 'replacing', 'stopped', 'deleting', 'lost'],
  unhealthy: ['ready', 'bootstrapping', 'booting', 'stopped', 'replacing', 'deleting', 'lost'],
  replacing: ['deleting', 'lost'],
  stopped: ['booting', 'ready', 'unhealthy', 'replacing', 'deleting', 'lost'],
  deleting: ['deleted', 'lost'],
  deleted: [],
  lost: ['ready', 'unhealthy', 'replacing', 'deleting', 'deleted'],
}

export const taskTransitions: Table<TaskState> = {
  queued: ['running', 'waiting', 'blocked', 'done', 'failed', 'cancelled', 'superseded'],
  running: ['waiting', 'blocked', 'done', 'failed', 'cancelled', 'superseded'],
  waiting: ['running', 'blocked', 'done', 'failed', 'cancelled', 'superseded'],
  blocked: ['running', 'waiting', 'done', 'failed', 'cancelled', 'superseded'],
  done: [],
  failed: [],
  cancelled: [],
  superseded: [],
}

export const memberTransitions: Table<MemberState> = {
  joining: ['in', 'leaving'],
  in: ['changing', 'leaving'],
  changing: ['in', 'leaving'],
  leaving: ['gone'],
  gone: [],
}

/** Throws when `table` does not allow `from -> to`; a bug in Gantry, never a user's mistake. */
export function assertTransition<S extends string>(table: Table<S>, from: S, to: S): void {
  if (!table[from].includes(to)) throw new Error(`illegal transition ${from} -> ${to}`)
}
