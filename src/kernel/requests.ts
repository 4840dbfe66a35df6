// What can be asked for a platform. The lists are closed, so that whatever has to know each of them (a journal, its
// replay) does not compile when one is added and forgotten there.

/** Requests that are followed by a task, by the kind of the task. */
export const taskKinds = [
  'platform.create',
  'platform.change',
  'platform.rollback',
  'platform.renew',
  'platform.operation',
  'platform.resume',
  'platform.retry',
  'platform.hibernate',
  'platform.wake',
  'platform.delete',
] as const
export type TaskKind = (typeof taskKinds)[number]

/** All of them; the others end with their answer. */
export const requestKinds = [
  ...taskKinds,
  'platform.pause',
  'platform.forget',
  'machine.forget',
  'task.cancel',
  'problem.resolve',
  'host.maintenance',
  'host.maintenance-end',
] as const
export type RequestKind = (typeof requestKinds)[number]
