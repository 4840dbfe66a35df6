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
  const how = {
    blocked: `${name} is blocked`,
    failed: `${name} failed`,
    cancelled: `${task.kind} of ${name} was cancelled`,
    superseded: `${task.kind} of ${name} was superseded by ${task.supersededBy ?? 'another request'}`,
  }[String(task.state)]
  const retry = `gantry platform retry ${name}`
  const after = {
    blocked: `Once that is mended:  ${retry}`,
    cancelled: `To go on:  gantry platform resume ${name}`,
  }[String(task.state)]
  return new ApiProblem({
    code: problem?.code ?? task.state,
    status: 0,
    detail: `${how ?? task.state}: ${problem?.detail ?? task.reason ?? 'no reason was given'}`,
    next: [
      problem?.next,
      problem?.next?.includes(retry) ? undefined : after,
      `gantry explain ${name}      gantry task show ${task.id}`,
    ]
      .filter(Boolean)
      .join('\n'),
    facts: problem?.facts,
  })
}
