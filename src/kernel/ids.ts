import type { Seams } from './seams.ts'

// Ids are `<prefix>_<uuidv7 in base32>`: they sort by time of birth, so an index on them is also an
// index on age, and the prefix says at a glance what one is holding (RFC 9562, Crockford's alphabet).

const prefixes = {
  installation: 'ins',
  tenant: 'tnt',
  project: 'prj',
  ticket: 'tkt',
  provider: 'prv',
  platform: 'plt',
  member: 'mbr',
  machine: 'mch',
  task: 'tsk',
  attempt: 'att',
  receipt: 'rcp',
  secret: 'sec',
  token: 'tok',
  request: 'req',
  decision: 'dec',
  problem: 'prb',
  process: 'prc',
  maintenance: 'mnt',
} as const

export type IdKind = keyof typeof prefixes
export type Id<K extends IdKind> = string & { readonly __id: K }
export type InstallationId = Id<'installation'>
export type TenantId = Id<'tenant'>
export type ProjectId = Id<'project'>
export type TicketId = Id<'ticket'>
export type ProviderId = Id<'provider'>
export type PlatformId = Id<'platform'>
export type MemberId = Id<'member'>
export type MachineId = Id<'machine'>
export type TaskId = Id<'task'>
export type AttemptId = Id<'attempt'>
export type ReceiptId = Id<'receipt'>
export type SecretId = Id<'secret'>
export type MaintenanceId = Id<'maintenance'>

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** A new id of the given kind, e.g. `plt_06f3k...` (26 characters after the prefix). */
export function newId<K extends IdKind>(kind: K, seams: Seams): Id<K> {
  const view = new DataView(new ArrayBuffer(16))
  const chance = new DataView(Uint8Array.from(seams.random.bytes(10)).buffer)
  view.setBigUint64(0, (BigInt(seams.clock.now()) << 16n) | BigInt((chance.getUint16(0) & 0x0fff) | 0x7000))
  view.setBigUint64(8, (chance.getBigUint64(2) & 0x3fff_ffff_ffff_ffffn) | 0x8000_0000_0000_0000n)
  return `${prefixes[kind]}_${base32(view)}` as Id<K>
}

/** Whether `text` has the form of an id of this kind; used to tell ids from names. */
export function isId<K extends IdKind>(kind: K, text: string): text is Id<K> {
  return new RegExp(`^${prefixes[kind]}_[${alphabet}]{26}$`).test(text)
}

/** The form of an id, as a regular expression source, for schemas. */
export function idPattern(kind: IdKind): string {
  return `^${prefixes[kind]}_[${alphabet}]{26}$`
}

function base32(view: DataView): string {
  let bits = (view.getBigUint64(0) << 64n) | view.getBigUint64(8)
  let text = ''
  for (let i = 0; i < 26; i++) {
    text = alphabet[Number(bits & 31n)] + text
    bits >>= 5n
  }
  return text
}
