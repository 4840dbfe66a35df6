// Waiting for a task as `--wait` means it: to its end, or until a person must act, which is no success.

import type { Api } from './api.ts'
import { ApiProblem } from './api-problem.ts'
import { type LiveOptions, showTask } from './live.ts'
import type { Task } from './types.ts'

/** Shows the task and gives it back as it was done. Throws ApiProblem for any other end. */
export async function waitFor(api: Api, id: string, options: Omit<LiveOptions, 'until'>): Promise<Task> {
  const ended = await showTask(api, id, { ...options, until: ({ state }) => state === 'blocked' })
  if (ended.state === 'done') return ended
  throw endOf(ended)
}

/** How a task ended that was not done, as a problem. */
function endOf(task: Task): ApiProblem {
  const { name } = task.target
  const problem = task.problem ?? task.steps.find((step) => step.state === 'blocked')?.problem
  const what = task.operation === null ? name : `${task.operation} of ${name}`
  const asked = task.operation === null ? `${task.kind} of ${name}` : what
  const how = {
    blocked: `${what} is blocked`,
    failed: `${what} failed`,
    cancelled: `${asked} was cancelled`,
    superseded: `${asked} was superseded by ${task.supersededBy ?? 'another request'}`,
  }[String(task.state)]
  return new ApiProblem({
    code: problem?.code ?? task.state,
    status: 0,
    detail: `${how ?? task.state}: ${problem?.detail ?? task.reason ?? 'no reason was given'}`,
    next: [problem?.next, wayOn(task, problem?.next), `gantry explain ${name}      gantry task show ${task.id}`]
      .filter(Boolean)
      .join('\n'),
    facts: problem?.facts,
  })
}

/** The command that goes on from here, unless it was said already. */
function wayOn(task: Task, said = ''): string | undefined {
  const { name } = task.target
  if (task.operation !== null)
    return said.includes('gantry task retry') ? undefined : `To run it again:  gantry task retry ${task.id}`
  if (task.state === 'cancelled') return `To go on:  gantry platform resume ${name}`
  const retry = `gantry platform retry ${name}`
  return task.state === 'blocked' && !said.includes(retry) ? `Once that is mended:  ${retry}` : undefined
}
