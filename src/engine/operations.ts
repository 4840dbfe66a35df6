// Operations beside the plan of what must hold: whose turn it is. They share the platform's lease and machinery; their
// steps are once, so what is done of them is never done again.

import { isOperationKey } from '../blueprints/index.ts'
import { isId, type TaskId } from '../kernel/ids.ts'
import { isAsleep, isHeld, userOf } from './hold.ts'
import { openTaskStates } from './tasks.ts'
import type { OperationView, PlatformView } from './view.ts'

/** The task of a step of an operation, or of a fresh step minted for one. */
export function taskOf(key: string): TaskId | undefined {
  const own = userOf(key)
  const task = isOperationKey(own) ? own.split('/')[1] : undefined
  return task !== undefined && isId('task', task) ? task : undefined
}

/** The operation a step belongs to. */
export function operationAt(view: PlatformView, key: string): OperationView | undefined {
  const task = taskOf(key)
  return task === undefined ? undefined : view.operations.find((operation) => operation.task === task)
}

export function isOpen(operation: OperationView): boolean {
  return openTaskStates.includes(operation.state)
}

/** The operation that runs alone now: an exclusive one waits for those that were asked for before it. */
export function exclusiveNow(view: PlatformView): OperationView | undefined {
  const first = view.operations.find(isOpen)
  return first?.plan.mode === 'exclusive' ? first : undefined
}

/** Whether nothing is to be decided for the platform now, though its problems are still named. */
export function decisionsRest(view: PlatformView): boolean {
  return isHeld(view) || isAsleep(view) || exclusiveNow(view) !== undefined
}

/** Whether the member of an operation's step is still part of the platform. */
export function isPresent(view: PlatformView, member: string): boolean {
  const state = view.members.get(member)?.state
  return state !== undefined && state !== 'leaving'
}

/** An exclusive operation that waits for those before it. */
export function isQueued(view: PlatformView, operation: OperationView): boolean {
  return operation.plan.mode === 'exclusive' && view.operations.find(isOpen) !== operation
}

/** Steps of every operation of the view. */
export function operationSteps(view: PlatformView) {
  return view.operations.flatMap((operation) => operation.plan.steps)
}
