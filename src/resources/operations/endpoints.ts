import { requireMatch } from '../../http/etag.ts'
import { ok } from '../../http/reply.ts'
import { id, z } from '../../http/schema.ts'
import type { PlatformId } from '../../kernel/ids.ts'
import { endpoint } from '../endpoint.ts'
import { change, getPlatform, planStepView } from '../platforms/index.ts'
import type { Rooms } from '../rooms.ts'
import { Task } from '../tasks/index.ts'
import { decideOperation, type OperationWish, requestOperation } from './request.ts'
import { retryTask } from './retry.ts'
import { OperationPreview, OperationRun } from './schemas.ts'

const params = z.object({ platform: id('platform') })
const followed = {
  description: 'It is written down; the task follows it.',
  schema: Task,
  headers: ['Location', 'Preference-Applied'],
} as const
const refusals = [
  'unknown_operation',
  'unknown_parameter',
  'invalid_parameter',
  'platform_held',
  'not_founded',
] as const

export const operationEndpoints = [
  endpoint({
    method: 'post',
    path: '/v1/platforms/{platform}/operations',
    operationId: 'runOperation',
    summary: 'Run an operation of its blueprint, once',
    description:
      'On those who are part of the platform now. The task ends done, or failed when a step is out of attempts or time; the platform is not blocked by it. `dryRun=true` answers with the plan.',
    tag: 'platforms',
    permission: 'platform.operate',
    about: ({ platform }) => ({ kind: 'platform', id: platform }),
    params,
    query: z.strictObject({
      dryRun: z.enum(['true', 'false']).default('false').openapi({ description: 'Plan only; nothing is changed.' }),
    }),
    body: OperationRun,
    matches: true,
    waits: true,
    answers: {
      200: { description: 'With `dryRun=true`: what would be done.', schema: OperationPreview },
      202: followed,
    },
    problems: [...refusals, 'wrong_state', 'conflict'],
    async handle(rooms, call) {
      const { platform } = call.params
      if (call.query.dryRun === 'true') {
        const row = await getPlatform(rooms.store.read, call.scope, platform)
        requireMatch(call.ifMatch, row.version)
        return ok(await preview(rooms, platform, row, call.body))
      }
      return change(rooms, call, async (tx) => {
        const row = await getPlatform(tx, call.scope, platform)
        requireMatch(call.ifMatch, row.version)
        return { platform, task: await requestOperation(rooms, tx, call.scope, row, call.body) }
      })
    },
  }),
  endpoint({
    method: 'post',
    path: '/v1/tasks/{task}/retry',
    operationId: 'retryTask',
    summary: 'Try a task again',
    description:
      'One that is blocked goes on with what blocked it. One that failed or was cancelled is done: the answer is a new task, of an operation for the members there are now.',
    tag: 'tasks',
    permission: 'platform.operate',
    about: ({ task }) => ({ kind: 'task', id: task }),
    params: z.object({ task: id('task') }),
    waits: true,
    answers: { 202: followed },
    problems: [...refusals, 'wrong_state', 'conflict'],
    handle: (rooms, call) => change(rooms, call, (tx) => retryTask(rooms, tx, call.scope, call.params.task)),
  }),
]

async function preview(
  rooms: Rooms,
  platform: PlatformId,
  row: Parameters<typeof decideOperation>[2],
  wish: OperationWish,
): Promise<z.output<typeof OperationPreview>> {
  const decided = await decideOperation(rooms, rooms.store.read, row, wish)
  const plan = decided.planFor('<task>')
  return {
    platform,
    operation: wish.operation,
    mode: plan.mode,
    parameters: z.record(z.string(), z.json()).parse(decided.parameters),
    members: [...decided.input.members],
    steps: plan.steps.map(planStepView),
  }
}
