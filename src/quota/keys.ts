// What is counted. A key is any name an installation chooses; these are the ones Gantry itself draws on.

export const quotaKeys = {
  /** COUNT of machines. */
  machines: 'vm.count',
  /** COUNT of virtual CPUs. */
  cpu: 'vm.cpu',
  /** Bytes. */
  memory: 'vm.memory',
  /** Bytes. */
  disk: 'disk.capacity',
  /** COUNT of platforms. */
  platforms: 'platform.count',
} as const

/** What a key looks like, here, in the API and in an installation's configuration. */
export const quotaKeyPattern = /^[a-z][a-z0-9.-]{0,62}$/

/** Amounts by key, in the key's own unit; absent is none. */
export type Amounts = Readonly<Record<string, number>>

/** What one machine of this size draws. */
export function machineAmounts(size: {
  readonly cpu: number
  readonly memoryBytes: number
  readonly diskBytes: number
}): Amounts {
  return {
    [quotaKeys.machines]: 1,
    [quotaKeys.cpu]: size.cpu,
    [quotaKeys.memory]: size.memoryBytes,
    [quotaKeys.disk]: size.diskBytes,
  }
}

/** An amount as a person reads it: bytes in GiB or MiB, counts as they are. */
export function amountText(key: string, amount: number): string {
  if (key !== quotaKeys.memory && key !== quotaKeys.disk) return String(amount)
  const gib = amount / 2 ** 30
  if (Number.isInteger(gib)) return `${gib} GiB`
  return amount >= 2 ** 30 ? `${gib.toFixed(1)} GiB` : `${Math.floor(amount / 2 ** 20)} MiB`
}
