// What a run of many histories must have met: a simulation that never reached a branch has proven nothing of it.

/** Kinds of faults, and branches of the product by the events that show them. */
export const sometimes = {
  'fault:loseCreateReply': 'a create took effect and its answer was lost',
  'fault:lateCreate': 'a create took effect long after it was lost',
  'fault:tooLateCreate': 'a create took effect later than its provider declares',
  'fault:doubleCreate': 'a provider made two machines of one create',
  'fault:loseDestroyReply': 'the answer of a destroy was lost',
  'fault:refuseCapacity': 'a provider had no room',
  'fault:failBoot': 'a machine failed while it started',
  'fault:throttle': 'a provider refused for overload',
  'fault:unreachable': 'a provider did not answer',
  'fault:denied': 'a provider refused the login',
  'fault:slow': 'a provider was slow',
  'fault:lagList': 'a list showed an old state',
  'fault:falseAbsence': 'a machine that is there was not shown',
  'fault:reusedAddress': 'an address came to another machine',
  'fault:hostDeath': 'a host died with its machines',
  'fault:zoneDeath': 'a zone died with its machines',
  'fault:vanish': 'a machine was deleted behind our back',
  'fault:powerOff': 'a machine was powered off',
  'fault:blackout': 'all machines of a platform were switched off, and nobody at the provider switches them on',
  'fault:reboot': 'a machine was started anew',
  'fault:undone': 'what a step had done was undone on its machine',
  'fault:ill': 'a machine answered and failed its check',
  'fault:reshaped': 'a machine was changed at its provider',
  'fault:sshCut': 'a machine was cut off',
  'fault:sshBreak': 'a connection broke in a call',
  'fault:scriptFails': 'a script failed',
  'fault:slowScript': 'a script took long',
  'fault:kill': 'a process was killed',
  'fault:killAtBoundary': 'a process was killed at a boundary',
  'fault:pause': 'a process was stopped for a while',
  'fault:diskFull': 'the disk of the database was full',
  'fault:commitFails': 'a commit failed',
  'fault:commitUnknown': 'a commit took effect and was called failed',
  'op:create': 'a platform was asked for',
  'op:change': 'a platform was changed',
  'op:rollback': 'a change was taken back',
  'op:upgrade': 'a platform was changed to another version of its blueprint',
  'op:undo': 'a change was taken back while its old machines were kept warm',
  'op:renew': 'every machine of a platform was made anew',
  'op:pause': 'a platform was paused',
  'op:hibernate': 'a platform was hibernated',
  'op:wake': 'a platform was woken',
  'op:maintain': 'a host was put in maintenance',
  'op:maintainByDeadline': 'a host was put in maintenance, in the windows of platforms until a deadline',
  'op:createWithTerms': 'a platform was asked for together with its terms',
  'op:lease': 'a platform was given a lease',
  'op:schedule': 'a platform was given a schedule',
  'op:window': 'a platform was given a maintenance window',
  'op:follow-versions': 'a platform was to follow versions of its blueprint by itself, or not any more',
  'op:protect': 'a platform was protected from deletion, or not any more',
  'op:publish': 'another version of a blueprint came to be',
  'op:delete': 'a platform was deleted',
  'op:cancel': 'a task was cancelled',
  'op:resume': 'a platform was resumed',
  'op:retry': 'something was tried again',
  'op:operation': 'an operation was run',
  'op:follow': 'a tenant followed its events page by page',
  'op:stream': 'a tenant followed its events by a stream',
  'op:ignore': 'a person chose to ignore a problem',
  'op:recreate': 'a person chose to have a machine made anew',
  'op:try': 'a person chose to try again what a problem is about',
  'op:reboot': 'a person chose to have a machine started anew',
  'op:restore': 'a person chose to have a lost quorum started again',
  'op:refound': 'a person gave up what a lost quorum knew',
  'op:forget': 'a platform was forgotten',
  'op:repeated': 'a request without an answer was sent again',
  'branch:takeover': 'a run was taken over from another process',
  'branch:replaced': 'a member was replaced',
  'branch:founderReplaced': 'a founder was replaced or decided anew',
  'branch:wave': 'a wave of a rollout was begun',
  'branch:swap': 'members gave way to their successors',
  'branch:keptWarm': 'a machine that gave way was kept warm',
  'branch:upgraded': 'a platform followed another version of its blueprint',
  'branch:refounded': 'a quorum was founded anew',
  'branch:drifted': 'a step was found undone',
  'branch:unhealthy': 'a machine failed its checks',
  'branch:changed': 'a machine was found changed',
  'branch:quorumLost': 'a quorum was lost',
  'branch:leftBehind': 'a platform was forgotten with something left',
  'branch:scaledDown': 'a member left because its group shrank',
  'branch:rolloutStopped': 'a rollout stopped at a failure',
  'branch:hibernated': 'a platform slept',
  'branch:moved': 'a member moved off a host in maintenance',
  'branch:reopened': 'a receipt was opened again',
  'branch:neverSent': 'a machine was called gone that was never asked for',
  'branch:absentForSettle': 'an absence was waited out',
  'branch:attemptLost': 'an attempt was lost with its machine',
  'branch:attemptAbandoned': 'an attempt was stopped or given up',
  'branch:superseded': 'a task was superseded',
  'branch:blocked': 'a platform was blocked',
  'branch:degraded': 'a platform was degraded',
  'branch:protected': 'a platform was not deleted because it is protected',
  'branch:leaseRenewed': 'a lease was renewed',
  'branch:leaseExpired': 'a lease was over',
  'branch:leaseSlept': 'the machines of a platform were stopped because its lease was over',
  'branch:leaseHeld': 'a platform outlived the grace of its lease',
  'branch:leaseEnded': 'a platform was deleted because its lease was over',
  'branch:scheduledSleep': 'a schedule had a platform hibernate',
  'branch:scheduledWaking': 'a schedule had a platform wake',
  'branch:autoUpgraded': 'a platform followed a new version by itself',
  'branch:upgradedInWindow': 'a platform with a window followed a new version in it',
  'branch:movedInWindow': 'a member moved off a host in the window of its platform',
  'branch:quotaRefused': 'a platform was refused for want of quota',
  'branch:operationDone': 'an operation was done',
  'branch:operationFailed': 'an operation failed',
} as const
export type Sometimes = keyof typeof sometimes

export function isSometimes(text: string): text is Sometimes {
  return Object.hasOwn(sometimes, text)
}

export class Counters {
  readonly counts = new Map<string, number>()

  hit(what: Sometimes): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1)
  }

  add(others: Iterable<readonly [string, number]>): void {
    for (const [what, times] of others) this.counts.set(what, (this.counts.get(what) ?? 0) + times)
  }

  /** What was never reached. */
  never(): string[] {
    return Object.keys(sometimes).filter((what) => !this.counts.has(what))
  }
}
