// Nothing that can be asked for a platform is unknown to journals: each endpoint that changes one is a kind of request that
// is replayed, or is left out for a reason.

import { expect, test } from 'vitest'
import { type RequestKind, requestKinds } from '../../src/kernel/requests.ts'
import { endpoints } from '../../src/resources/api.ts'

const replayed: Readonly<Record<string, RequestKind>> = {
  createPlatform: 'platform.create',
  updatePlatform: 'platform.change',
  rollbackPlatform: 'platform.rollback',
  renewPlatform: 'platform.renew',
  runOperation: 'platform.operation',
  // One that failed is run anew by another task, with the same parameters.
  retryTask: 'platform.operation',
  resumePlatform: 'platform.resume',
  retryPlatform: 'platform.retry',
  hibernatePlatform: 'platform.hibernate',
  wakePlatform: 'platform.wake',
  deletePlatform: 'platform.delete',
  pausePlatform: 'platform.pause',
  forgetPlatform: 'platform.forget',
  forgetPlatformMachine: 'machine.forget',
  cancelTask: 'task.cancel',
  resolvePlatformProblem: 'problem.resolve',
  startMaintenance: 'host.maintenance',
  endMaintenance: 'host.maintenance-end',
}

const asTasks = 'what it leads to is asked for by tasks, which are replayed as such'
const leftOut: Readonly<Record<string, string>> = {
  setSchedule: asTasks,
  setLease: asTasks,
  setAutoUpgrade: asTasks,
  setMaintenanceWindow: 'it only delays what is replayed at the time at which it was done',
}

/** Those that change something of a platform, a task, or a host under it. */
const changing = endpoints.filter(
  ({ method, path }) =>
    method !== 'get' &&
    (/\{(platform|task)\}/.test(path) || path.endsWith('/platforms') || path.endsWith('/maintenance')),
)

test('each endpoint that changes a platform is replayed, or left out for a reason', () => {
  const ids = changing.map(({ operationId }) => operationId)
  expect(ids.filter((id) => replayed[id] === undefined && leftOut[id] === undefined)).toEqual([])
  expect([...Object.keys(replayed), ...Object.keys(leftOut)].filter((id) => !ids.includes(id))).toEqual([])
})

test('each kind of request comes from an endpoint', () => {
  expect([...requestKinds].filter((kind) => !Object.values(replayed).includes(kind))).toEqual([])
})
