import { z } from 'zod'

// Errors are for two readers: `detail` and `next` for the caller, `cause` for the log. The code is
// closed and documented; which HTTP status it answers with is known only to http/.

export const problemCodes = [
  'unauthenticated',
  'forbidden',
  'not_found',
  'invalid_request',
  'invalid_blueprint',
  'unknown_parameter',
  'unknown_operation',
  'invalid_parameter',
  'name_taken',
  'conflict',
  'precondition_failed',
  'precondition_required',
  'idempotency_mismatch',
  'quota_exceeded',
  'no_capacity',
  'in_use',
  'protected',
  'wrong_state',
  'report_only',
  'not_cancellable',
  'platform_held',
  'platform_hibernated',
  'lease_expired',
  'upgrade_refused',
  'power_not_supported',
  'not_founded',
  'member_gone',
  'payload_too_large',
  'unsupported_media_type',
  'method_not_allowed',
  'overloaded',
  'unavailable',
  'provider_unreachable',
  'provider_denied',
  'provider_rejected',
  'provider_capacity',
  'resource_name_taken',
  'host_key_changed',
  'login_denied',
  'machine_unreachable',
  'disk_full',
  'machine_dead',
  'machine_hung',
  'host_dead',
  'zone_dead',
  'machine_changed',
  'machine_not_gone',
  'member_unhealthy',
  'platform_unhealthy',
  'step_drifted',
  'script_failed',
  'attempt_lost',
  'step_timed_out',
  'quorum_lost',
  'meltdown',
  'rollout_stopped',
  'host_maintenance',
  'secret_unavailable',
  'internal',
] as const
export type ProblemCode = (typeof problemCodes)[number]

/**
 * What can be wrong with a platform, and stays so until it is over: told by events, listed, resolved. A closed list of
 * its own, so that whatever has to know each of them (the replay of a journal) does not compile when one is forgotten.
 */
export const namedProblemCodes = [
  'machine_dead',
  'machine_hung',
  'host_dead',
  'zone_dead',
  'machine_changed',
  'machine_not_gone',
  'member_unhealthy',
  'platform_unhealthy',
  'step_drifted',
  'quorum_lost',
  'meltdown',
  'rollout_stopped',
  'host_maintenance',
  'lease_expired',
  'upgrade_refused',
  'no_capacity',
  'provider_unreachable',
  'provider_denied',
  'invalid_parameter',
] as const satisfies readonly ProblemCode[]
export type NamedProblemCode = (typeof namedProblemCodes)[number]

export type Facts = { readonly [name: string]: string | number | boolean | null | readonly string[] | undefined }

/** A named problem as data: what a step is blocked by, what a task ends with, what a request is refused with. */
export interface Problem {
  readonly code: ProblemCode
  /** One sentence for the person who asked; names the field or object. */
  readonly detail: string
  readonly facts?: Facts | undefined
  /** What to do next, as an instruction. */
  readonly next?: string | undefined
  /** Per-field errors of a request: JSON pointer and message. */
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[] | undefined
}

/** A problem as it was stored or sent. */
export const problemSchema = z.object({
  code: z.enum(problemCodes),
  detail: z.string(),
  facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())])).optional(),
  next: z.string().optional(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
})

export class ProblemError extends Error implements Problem {
  readonly code: ProblemCode
  readonly detail: string
  readonly facts: Facts | undefined
  readonly next: string | undefined
  readonly errors: Problem['errors']

  constructor(problem: Problem, options?: { cause?: unknown }) {
    super(`${problem.code}: ${problem.detail}`, options)
    this.name = 'ProblemError'
    this.code = problem.code
    this.detail = problem.detail
    this.facts = problem.facts
    this.next = problem.next
    this.errors = problem.errors
  }

  toProblem(): Problem {
    return { code: this.code, detail: this.detail, facts: this.facts, next: this.next, errors: this.errors }
  }
}
