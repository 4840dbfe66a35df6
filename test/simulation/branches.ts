// Which branch of the product an event shows.

import type { Sometimes } from './counters.ts'

/** An event as it is written down. */
export interface EventRow {
  readonly seq: number
  /** ms since 1970. */
  readonly at: number
  readonly kind: string
  readonly subject_id: string
  readonly platform_id: string | null
  readonly step: string | null
  readonly from_state: string | null
  readonly to_state: string | null
  readonly cause: string | null
  readonly data: string
}

const decisions: readonly (readonly [string, Sometimes])[] = [
  ['"replace"', 'branch:replaced'],
  ['"wave"', 'branch:wave'],
  ['"swap"', 'branch:swap'],
  ['"returning":["', 'op:undo'],
  ['"founding":', 'branch:refounded'],
]
const problems: readonly (readonly [string, Sometimes])[] = [
  ['rollout_stopped', 'branch:rolloutStopped'],
  ['quorum_lost', 'branch:quorumLost'],
  ['step_drifted', 'branch:drifted'],
  ['member_unhealthy', 'branch:unhealthy'],
  ['machine_changed', 'branch:changed'],
  ['lease_expired', 'branch:leaseHeld'],
]
const platformStates: Readonly<Record<string, Sometimes>> = {
  blocked: 'branch:blocked',
  hibernated: 'branch:hibernated',
  degraded: 'branch:degraded',
}

export function branchesOf({ kind, from_state, to_state, cause, data }: EventRow): Sometimes[] {
  const named = (list: typeof decisions) => list.filter(([text]) => data.includes(text)).map(([, what]) => what)
  switch (kind) {
    case 'run.taken-over':
      return ['branch:takeover']
    case 'receipt.reopened':
      return ['branch:reopened']
    case 'decision.taken':
      return named(decisions)
    case 'problem.opened':
      return named(problems)
    case 'member.state':
      if (cause === 'scaleDown') return ['branch:scaledDown']
      if (cause === 'kept warm') return ['branch:keptWarm']
      return to_state === 'leaving' && cause === 'maintenance' ? ['branch:moved'] : []
    case 'task.state':
      return to_state === 'superseded' ? ['branch:superseded'] : []
    case 'platform.state': {
      const what = platformStates[to_state ?? '']
      return what === undefined || from_state === to_state ? [] : [what]
    }
    case 'lease.renewed':
      return /"from":"[^"]*","to":"/.test(data) ? ['branch:leaseRenewed'] : []
    case 'lease.expired':
      return ['branch:leaseExpired']
    case 'lease.ended':
      return ['branch:leaseEnded']
    case 'schedule.due':
      return [data.includes('hibernate') ? 'branch:scheduledSleep' : 'branch:scheduledWaking']
    case 'upgrade.begun':
      return ['branch:autoUpgraded']
    default:
      return []
  }
}
