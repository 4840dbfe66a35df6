// Amounts of quota as people read them: sizes in their unit, numbers as they are.

import { bytes } from './client/duration.ts'

/** Whether a key is measured in bytes; all others are counted. */
export function isBytes(key: string): boolean {
  return /memory|capacity|bytes/i.test(key)
}

/** `64 GiB` of a key that is measured in bytes, `12` of one that is counted. */
export function amountOf(key: string, amount: number): string {
  return isBytes(key) ? bytes(amount) : String(amount)
}

/** `5 of 12 used` */
export function usageOf(key: string, { limit, used }: { limit: number | 'unlimited'; used: number }): string {
  if (limit === 'unlimited') return `${amountOf(key, used)} used, no limit`
  return `${amountOf(key, used)} of ${amountOf(key, limit)} used`
}
