export { type Admission, admit, type QuotaLine, quoteQuota, release, releasePlatform } from './admit.ts'
export { type Amounts, amountText, machineAmounts, quotaKeyPattern, quotaKeys } from './keys.ts'
export type { Claim } from './ledger.ts'
export { type Limit, removeShare, setLimit, setShare, sharedTicket } from './limits.ts'
export {
  type ProjectUse,
  type Reservation,
  reservationsOfProject,
  type TicketUse,
  usageOfProject,
  usageOfTicket,
} from './usage.ts'
