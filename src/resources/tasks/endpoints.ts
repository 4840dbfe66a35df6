import { decodeCursor, encodeCursor, pageQuery } from '../../http/cursor.ts'
import { bytes, ok } from '../../http/reply.ts'
import { id, z } from '../../http/schema.ts'
import type { PlatformId } from '../../kernel/ids.ts'
import { journalText } from '../../kernel/journal.ts'
import { taskStates } from '../../kernel/states.ts'
import { endpoint, installation } from '../endpoint.ts'
import { cancelTask } from './cancel.ts'
import { journalOf } from './journal.ts'
import { operationOfTask } from './operation.ts'
import { revealed } from './outputs.ts'
import { Output, Task, TaskList } from './schemas.ts'
import { getTask, listTasks } from './store.ts'
import { newTaskView, taskSummary, taskView } from './view.ts'
import { waitForTask } from './wait.ts'

const taskId = id('task')

const journalType = 'application/x-ndjson'

async function* whole(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

export const taskEndpoints = [
  endpoint({
    method: 'get',
    path: '/v1/tasks',
    operationId: 'listTasks',
    summary: 'List tasks, the newest first',
    tag: 'tasks',
    permission: 'platform.read',
    about: installation,
    query: z.strictObject({
      ...pageQuery,
      state: z.enum(taskStates).optional(),
      tenant: id('tenant').optional(),
      project: id('project').optional(),
      platform: id('platform').optional(),
    }),
    answers: { 200: { description: 'A page of tasks.', schema: TaskList } },
    problems: [],
    async handle({ store, seams }, { scope, query: { cursor, limit, ...filter } }) {
      const before = decodeCursor(cursor, z.tuple([taskId]))?.[0]
      const rows = await listTasks(store.read, scope, { ...filter, before, limit: limit + 1 })
      const last = rows.length > limit ? rows[limit - 1] : undefined
      const now = seams.clock.now()
      return ok({
        items: rows.slice(0, limit).map((row) => taskSummary(row, now)),
        next: last ? encodeCursor([last.id]) : null,
      })
    },
  }),
  endpoint({
    method: 'get',
    path: '/v1/tasks/{task}/journal',
    operationId: 'exportTask',
    summary: 'Export what is remembered of a task as a journal',
    description:
      'JSON lines: blueprint, requests, decisions, attempts with their outcomes, sealed by a checksum. Secrets are not in it. `gantry replay` runs it again.',
    tag: 'tasks',
    permission: 'platform.read',
    about: ({ task }) => ({ kind: 'task', id: task }),
    params: z.object({ task: taskId }),
    answers: { 200: { description: 'The journal.', contentType: journalType } },
    problems: [],
    async handle(rooms, { params }) {
      const text = journalText(await journalOf(rooms, params.task))
      return bytes(journalType, whole(text))
    },
  }),
  endpoint({
    method: 'get',
    path: '/v1/tasks/{task}',
    operationId: 'getTask',
    summary: 'Show a task with its steps and their times',
    description: '`Prefer: wait=N` holds the answer until the task has ended or is blocked.',
    tag: 'tasks',
    permission: 'platform.read',
    about: ({ task }) => ({ kind: 'task', id: task }),
    params: z.object({ task: taskId }),
    waits: true,
    answers: { 200: { description: 'The task.', schema: Task } },
    problems: [],
    async handle(rooms, { scope, params, waitMs, signal }) {
      await waitForTask(rooms, params.task, waitMs, signal)
      return ok(await taskView(rooms, scope, params.task))
    },
  }),
  endpoint({
    method: 'get',
    path: '/v1/tasks/{task}/outputs/{output}',
    operationId: 'getTaskOutput',
    summary: 'The value of an output of an operation, also of a secret one',
    tag: 'tasks',
    permission: 'platform.secret',
    about: ({ task }) => ({ kind: 'task', id: task }),
    params: z.object({ task: taskId, output: z.string().max(200) }),
    answers: { 200: { description: 'The output.', schema: Output } },
    problems: ['secret_unavailable'],
    async handle(rooms, { scope, params: { task, output } }) {
      const row = await getTask(rooms.store.read, scope, task)
      const outputs = row.operation === null ? {} : (await operationOfTask(rooms.store.read, task)).outputs
      return ok(await revealed(rooms, outputs, output))
    },
  }),
  endpoint({
    method: 'post',
    path: '/v1/tasks/{task}/cancel',
    operationId: 'cancelTask',
    summary: 'Cancel a task',
    description:
      'Nothing more is begun, scripts under way end, nothing is undone: the platform is `held` as it is. Then resume it, or delete it. Cancelling an operation holds nothing but that. A deletion cannot be cancelled.',
    tag: 'tasks',
    permission: 'platform.operate',
    about: ({ task }) => ({ kind: 'task', id: task }),
    params: z.object({ task: taskId }),
    answers: { 200: { description: 'The task, cancelled.', schema: Task } },
    problems: ['wrong_state', 'not_cancellable'],
    async handle(rooms, { scope, params, commit }) {
      let platform: PlatformId | undefined
      const reply = await commit(async (tx) => {
        platform = await cancelTask(tx, scope, rooms.seams, params.task)
        return ok(await newTaskView(tx, rooms, scope, params.task))
      })
      if (platform === undefined) return reply
      rooms.wake(platform)
      return ok(await taskView(rooms, scope, params.task))
    },
  }),
]
