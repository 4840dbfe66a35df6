import { z } from 'zod'
import type { NativeRef, OwnerTag, ResourceKey } from '../../../src/provider/contract.ts'
import { faultSwitches } from '../world/layout.ts'

// What is said between Gantry and the world's process: POST /<call> with a JSON body and a bearer token, answered
// by a result or a fault. Both ends parse with these schemas.

const key = z.string().transform((text) => text as ResourceKey)
const owner = z.string().transform((text) => text as OwnerTag)
const ref = z.string().transform((text) => text as NativeRef)
const resources = z.strictObject({ cpu: z.number(), memoryBytes: z.number(), diskBytes: z.number() })

const machineRequest = z.strictObject({
  owner,
  hostname: z.string(),
  resources,
  image: z.string(),
  zone: z.string(),
  host: z.string().nullable(),
  spreadGroup: z.string().nullable(),
  networks: z.array(z.string()),
  loginUser: z.string(),
  authorizedKey: z.string(),
  hostKey: z.strictObject({ publicKey: z.string(), privateKeyPem: z.string() }),
  specHash: z.string(),
})

const observed = z.strictObject({
  key,
  ref,
  owner,
  kind: z.enum(['machine', 'disk', 'network', 'address', 'rule']),
  state: z.enum(['creating', 'running', 'stopped', 'deleting', 'failed']),
  endpoints: z.array(z.strictObject({ address: z.string(), port: z.int() })),
  addresses: z.array(z.string()).optional(),
  hostKeys: z.array(z.string()).optional(),
  placement: z.strictObject({ zone: z.string(), host: z.string().nullable() }),
  specHash: z.string().nullable(),
  createdAt: z.number().nullable(),
  reason: z.string().optional(),
})

const page = z.strictObject({ name: z.string(), digest: z.string(), objects: z.array(observed).nullable() })

const nothing = z.strictObject({})

/** How a test hurts a machine. */
export const harm = z.enum(['silent', 'failed', 'vanished', 'off', 'changed'])

/** Every call: what it takes and what it answers. */
export const calls = {
  capabilities: {
    takes: nothing,
    answers: z.strictObject({
      lookup: z.enum(['consistent', 'eventual']),
      settleMs: z.number(),
      createIdempotency: z.enum(['token', 'uniqueName', 'none']),
      hosts: z.boolean(),
      power: z.boolean(),
    }),
  },
  probe: {
    takes: nothing,
    answers: z.strictObject({
      identity: z.string(),
      version: z.string(),
      latencyMs: z.number(),
      missingRights: z.array(z.string()),
    }),
  },
  hosts: {
    takes: nothing,
    answers: z.array(
      z.strictObject({
        name: z.string(),
        zone: z.string(),
        capacity: resources.nullable(),
        used: resources.nullable(),
        state: z.enum(['ready', 'maintenance', 'unreachable']),
      }),
    ),
  },
  create: { takes: z.strictObject({ key, request: machineRequest }), answers: ref },
  find: { takes: z.strictObject({ keys: z.array(key) }), answers: z.array(observed) },
  list: { takes: z.strictObject({ owner }), answers: z.array(observed) },
  pages: { takes: z.strictObject({ owner, known: z.record(z.string(), z.string()) }), answers: z.array(page) },
  destroy: { takes: z.strictObject({ ref }), answers: z.null() },
  power: { takes: z.strictObject({ ref, to: z.enum(['on', 'off', 'reset']) }), answers: z.null() },
  hasImage: { takes: z.strictObject({ ref: z.string() }), answers: z.boolean() },
  // From here on: the hand that moves the world in tests and demos, not the cloud.
  hello: { takes: nothing, answers: z.strictObject({ id: z.string(), machines: z.int() }) },
  machines: { takes: nothing, answers: z.array(observed) },
  faults: { takes: faultSwitches.partial(), answers: faultSwitches },
  kill: { takes: z.strictObject({ ref, how: harm }), answers: z.null() },
  run: {
    takes: z.strictObject({ ref, script: z.string() }),
    answers: z.strictObject({ stdout: z.string(), stderr: z.string(), exitCode: z.int() }),
  },
  shutdown: { takes: nothing, answers: z.null() },
} as const

export type Calls = typeof calls
export type CallName = keyof Calls
export type Takes<C extends CallName> = z.output<Calls[C]['takes']>
export type Answers<C extends CallName> = z.output<Calls[C]['answers']>

export const faultFacts = z.strictObject({
  kind: z.enum(['transient', 'denied', 'capacity', 'rejected', 'nameTaken', 'gone']),
  outcome: z.enum(['none', 'done', 'unknown']),
  retryAfterMs: z.number().optional(),
  message: z.string(),
})

export function isCall(name: string): name is CallName {
  return name in calls
}

/** Where a world's process answers, as it writes it into its folder. */
export const worldAddress = z.strictObject({ id: z.string(), port: z.int(), token: z.string(), pid: z.int() })
export type WorldAddress = z.output<typeof worldAddress>
