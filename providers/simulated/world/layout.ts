import { z } from 'zod'

// What an infra admin says about a world: where its hosts are, how fast it is and how badly it behaves.
// A world without a word about it is three hosts in two zones that behave.

const GiB = 2 ** 30

export const hostLayout = z.strictObject({
  name: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/),
  zone: z.string().min(1),
  cpu: z.int().positive().default(8).meta({ description: 'Virtual CPUs, COUNT' }),
  memoryBytes: z
    .int()
    .positive()
    .default(32 * GiB),
  diskBytes: z
    .int()
    .positive()
    .default(500 * GiB),
  state: z.enum(['ready', 'maintenance', 'unreachable']).default('ready'),
})

/** Troubles that can be switched on in the layout and changed at run time. */
export const faultSwitches = z.strictObject({
  /** The next so many creates take effect, but the caller never hears of it, COUNT. */
  loseCreateReplies: z.int().nonnegative().default(0),
  /** The next so many destroys take effect, but the caller never hears of it, COUNT. */
  loseDestroyReplies: z.int().nonnegative().default(0),
  /** The next so many creates are lost to the caller and take effect only `lateMs` later, COUNT. */
  lateCreates: z.int().nonnegative().default(0),
  lateMs: z.int().nonnegative().default(5_000),
  /** The next so many creates are refused for want of room, COUNT. */
  refuseCapacity: z.int().nonnegative().default(0),
  /** The next so many machines end up `failed` instead of running, COUNT. */
  failBoots: z.int().nonnegative().default(0),
  /** The next so many machines refuse every login, COUNT. */
  denyLogins: z.int().nonnegative().default(0),
  /** The next so many calls of any kind fail as overloaded, before any effect, COUNT. */
  throttle: z.int().nonnegative().default(0),
  /** Every call waits this long before anything else. */
  slowMs: z.int().nonnegative().default(0),
  /** While true nobody gets through to the API; machines go on. */
  unreachable: z.boolean().default(false),
})

export const worldLayout = z.strictObject({
  seed: z.int().nonnegative().default(1),
  hosts: z
    .array(hostLayout)
    .min(1)
    .default([
      { name: 'host-1', zone: 'zone-a', cpu: 8, memoryBytes: 32 * GiB, diskBytes: 500 * GiB, state: 'ready' },
      { name: 'host-2', zone: 'zone-a', cpu: 8, memoryBytes: 32 * GiB, diskBytes: 500 * GiB, state: 'ready' },
      { name: 'host-3', zone: 'zone-b', cpu: 8, memoryBytes: 32 * GiB, diskBytes: 500 * GiB, state: 'ready' },
    ]),
  images: z.array(z.string().min(1)).default(['debian-12', 'debian-12-docker']),
  /** From create until SSH answers. */
  bootMs: z.int().nonnegative().default(1_000),
  /** From an accepted destroy until the machine is gone. */
  destroyMs: z.int().nonnegative().default(200),
  /** Every time above is spread by this share, 0 to 1. */
  jitter: z.number().min(0).max(1).default(0.2),
  /** What every API call takes. */
  latencyMs: z.int().nonnegative().default(0),
  /** `eventual`: what happened is seen up to `settleMs` later. */
  lookup: z.enum(['consistent', 'eventual']).default('consistent'),
  settleMs: z.int().nonnegative().default(0),
  /** How long commands inside take that take long on real machines (apt-get, dockerd), as a factor; 0: no time. */
  workFactor: z.number().nonnegative().default(0.1),
  faults: faultSwitches.prefault({}),
})

export type HostLayout = z.output<typeof hostLayout>
export type WorldLayout = z.output<typeof worldLayout>
export type WorldInput = z.input<typeof worldLayout>
export type FaultSwitches = z.output<typeof faultSwitches>
