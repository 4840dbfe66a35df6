// Waiting for a task as `--wait` means it: to its end, or until a person must act, which is no success.

import { ApiProblem } from './client/api-problem.ts'
import { showTask } from './client/live.ts'
import type { Task } from './client/types.ts'
import type { Session } from './session.ts'

/** The task as it was done. Progress goes to stderr where a program reads stdout. Throws ApiProblem for any other end. */
export async function waitFor({ api, world, print }: Session, task: Pick<Task, 'id'>): Promise<Task> {
  const ended = await showTask(api, task.id, {
    out: print.output === 'table' ? world.out : world.err,
    env: world.env,
    signal: world.signal,
    now: world.now,
    until: ({ state }) => state === 'blocked',
  })
  if (ended.state === 'done') return ended
  throw endOf(ended)
}

/** How a task ended that was not done, as a problem. */
function endOf(task: Task): ApiProblem {
  const name = task.target.name
  const problem = task.problem ?? task.steps.find((step) => step.state === 'blocked')?.problem
  const how = {
    blocked: `${name} is blocked`,
    failed: `${name} failed`,
    cancelled: `${task.kind} of ${name} was cancelled`,
    superseded: `${task.kind} of ${name} was superseded by ${task.supersededBy ?? 'another request'}`,
  }[String(task.state)]
  return new ApiProblem({
    code: problem?.code ?? task.state,
    status: 0,
    detail: `${how ?? task.state}: ${problem?.detail ?? task.reason ?? 'no reason was given'}`,
    next: [problem?.next, `gantry explain ${name}      gantry task show ${task.id}`].filter(Boolean).join('\n'),
    facts: problem?.facts,
  })
}
