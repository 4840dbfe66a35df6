// A provider and machines that answer at once and in this process: what is left to measure is Gantry itself.

import { z } from 'zod'
import type { Remote } from '../../src/bootstrap/remote.ts'
import type { NativeRef, Observed, ProviderKind, Resources, Session } from '../../src/provider/contract.ts'
import type { Kinds } from '../../src/provider/registry.ts'

const plenty: Resources = { cpu: 1e6, memoryBytes: 2 ** 50, diskBytes: 2 ** 52 }

/** The provider kind `instant`, with one host on which everything fits. */
export function instantKinds(): Kinds {
  const kind: ProviderKind = {
    kind: 'instant',
    simulated: true,
    config: z.unknown(),
    machineSpec: z.unknown(),
    connect: async () => instantSession(),
  }
  return { names: ['instant'], get: async (name) => (name === 'instant' ? kind : undefined) }
}

/** A session of a provider with one host on which everything fits, and where everything is done at once. */
export function instantSession(): Session {
  const machines = new Map<string, Observed>()
  return {
    capabilities: { lookup: 'consistent', settleMs: 0, createIdempotency: 'uniqueName', hosts: true, power: false },
    probe: async () => ({ identity: 'instant', version: '1', latencyMs: 0, missingRights: [] }),
    async *inventory() {
      yield { name: 'host-1', zone: 'zone-a', capacity: plenty, used: null, state: 'ready' }
    },
    async create(key, { owner, zone, host, specHash }) {
      const ref = `instant-${machines.size}` as NativeRef
      const placement = { zone, host }
      const endpoints = [{ address: '127.0.0.1', port: 22 }]
      machines.set(key, {
        key,
        ref,
        owner,
        kind: 'machine',
        state: 'running',
        endpoints,
        placement,
        specHash,
        createdAt: 0,
      })
      return ref
    },
    async *observe(_owner, keys) {
      for (const { key } of keys) {
        const found = machines.get(key)
        if (found) yield found
      }
    },
    async destroy(_owner, key) {
      machines.delete(key)
    },
    async *list() {
      yield* machines.values()
    },
    async [Symbol.asyncDispose]() {},
  }
}

/** Every machine proves itself at once; scripts there are none. */
export function instantRemote(): Remote {
  const never = async (): Promise<never> => {
    throw new Error('the bench runs no scripts')
  }
  return {
    prove: async () => {},
    start: never,
    stop: never,
    look: never,
    log: never,
    check: async () => ({ exitCode: 0, said: '' }),
    forget: () => {},
    async [Symbol.asyncDispose]() {},
  }
}
