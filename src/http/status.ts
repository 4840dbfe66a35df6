// The only place that knows which status a problem answers with: whoever throws one thinks of causes, not of HTTP.

import type { ProblemCode } from '../kernel/problem.ts'

interface Answer {
  readonly status: 400 | 401 | 403 | 404 | 405 | 409 | 412 | 413 | 415 | 422 | 428 | 500 | 503
  readonly title: string
}

export const problemStatus: { readonly [code in ProblemCode]: Answer } = {
  unauthenticated: { status: 401, title: 'Not authenticated' },
  forbidden: { status: 403, title: 'Not allowed' },
  not_found: { status: 404, title: 'Not found' },
  invalid_request: { status: 422, title: 'Invalid request' },
  invalid_blueprint: { status: 422, title: 'Invalid blueprint' },
  unknown_parameter: { status: 422, title: 'Unknown parameter' },
  unknown_operation: { status: 422, title: 'Unknown operation' },
  invalid_parameter: { status: 422, title: 'Invalid parameter' },
  name_taken: { status: 409, title: 'Name taken' },
  conflict: { status: 409, title: 'Conflict' },
  precondition_failed: { status: 412, title: 'Changed meanwhile' },
  precondition_required: { status: 428, title: 'If-Match required' },
  idempotency_mismatch: { status: 422, title: 'Idempotency key used for another request' },
  quota_exceeded: { status: 409, title: 'Quota exceeded' },
  no_capacity: { status: 409, title: 'No capacity' },
  in_use: { status: 409, title: 'In use' },
  protected: { status: 409, title: 'Protected from deletion' },
  wrong_state: { status: 409, title: 'Not possible in this state' },
  report_only: { status: 409, title: 'Only reports after a restore' },
  not_cancellable: { status: 409, title: 'Cannot be cancelled' },
  platform_held: { status: 409, title: 'Platform is held' },
  platform_hibernated: { status: 409, title: 'Platform is hibernated' },
  lease_expired: { status: 409, title: 'Lease has expired' },
  power_not_supported: { status: 409, title: 'Provider cannot stop machines' },
  not_founded: { status: 409, title: 'Not founded yet' },
  member_gone: { status: 409, title: 'Member gone' },
  payload_too_large: { status: 413, title: 'Body too large' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  overloaded: { status: 503, title: 'Overloaded' },
  unavailable: { status: 503, title: 'Not available' },
  provider_unreachable: { status: 409, title: 'Provider unreachable' },
  provider_denied: { status: 409, title: 'Provider refused the login' },
  provider_rejected: { status: 409, title: 'Provider rejected the request' },
  provider_capacity: { status: 409, title: 'Provider has no room' },
  resource_name_taken: { status: 409, title: "Name taken by a stranger's object" },
  host_key_changed: { status: 409, title: 'Host key changed' },
  login_denied: { status: 409, title: 'Login denied' },
  machine_unreachable: { status: 409, title: 'Machine unreachable' },
  machine_dead: { status: 409, title: 'Machine dead' },
  script_failed: { status: 409, title: 'Script failed' },
  attempt_lost: { status: 409, title: 'Attempt lost' },
  step_timed_out: { status: 409, title: 'Step timed out' },
  quorum_lost: { status: 409, title: 'Quorum lost' },
  rollout_stopped: { status: 409, title: 'Rollout stopped' },
  host_maintenance: { status: 409, title: 'Cannot be moved off a host in maintenance' },
  secret_unavailable: { status: 409, title: 'Secret unavailable' },
  internal: { status: 500, title: 'Internal error' },
}
