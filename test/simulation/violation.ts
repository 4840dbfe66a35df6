/** A promise of Gantry that did not hold in a history. */
export class Violation extends Error {
  override readonly name = 'Violation'
  /** Which promise: the same failing history, made shorter, must break the same one. */
  readonly invariant: Invariant

  constructor(invariant: Invariant, detail: string) {
    super(`${invariant}: ${detail}`)
    this.invariant = invariant
  }
}

/** Every promise that a history watches, and what it means. */
export const invariants = {
  'intent-first': 'a create is on the disk before it is sent, and no key is used after it was proven gone',
  'maintenance-kept': 'nothing new is placed on a host in maintenance',
  'wanted-stays': 'nothing is destroyed that is wanted',
  'no-leak': 'whatever is at the provider is remembered and wanted',
  'no-double': 'one slot has one machine',
  'forgotten-told': 'what may be left of a platform that is forgotten is told, and nothing else is left',
  'receipt-true': 'what a receipt calls gone is gone',
  'one-writer': 'only the holder of a lease writes under it',
  'no-attempt-twice': 'no attempt is started twice, nor before it is recorded',
  identity: 'a script runs on the machine it was meant for',
  'founded-once': 'a once step ran on one of the machines there are',
  'quota-exact': 'what is counted as used is what is held, and never above the limit',
  'capacity-exact': 'what a host counts as reserved is what its machines hold',
  'spread-kept': 'members of a group that must be apart are apart',
  'protection-kept': 'what is protected from deletion is not deleted',
  'lease-kept': 'a platform is deleted by its lease only when that is over and its grace has passed',
  'schedule-kept':
    'a schedule is kept: for each moment once, late rather than never, and only the last of what was due',
  'window-kept': 'what can wait is begun in the window of its platform only',
  'as-asked': 'a platform at rest is what was last asked of it',
  'nothing-lost': 'an acknowledged request is remembered, and done or explained',
  'once-per-key': 'a request repeated under its key is answered as if it were sent once',
  'cursor-monotone': 'who follows events misses none and sees none twice',
  'tenants-apart': 'a tenant reads nothing of another',
  terminal: 'after healing everything comes to an end',
  'own-world': 'no real timer, socket or chance is used',
  'no-internal-error': 'no request ends in an internal error',
  'no-broken-rule': 'nothing is thrown that nobody handles',
} as const
export type Invariant = keyof typeof invariants
