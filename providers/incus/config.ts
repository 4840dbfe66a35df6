// What an infra admin fills in, and what a machine may ask for on top. Nothing here is peculiar to one installation:
// whatever a certain kernel or network needs (raw.lxc lines, devices) is data in `machineConfig` and `machineDevices`.

import { z } from 'zod'
import { parseAddress } from './ipv4.ts'

const address = z.string().refine((text) => parseAddress(text) !== undefined, 'an IPv4 address')

const stringMap = z.record(z.string(), z.string())

const networkSchema = z.discriminatedUnion('kind', [
  z
    .object({
      kind: z.literal('managed').describe('a network of Incus: addresses come from its own DHCP'),
      network: z.string().min(1).default('incusbr0'),
    })
    .strict(),
  z
    .object({
      kind: z.literal('static').describe('a bridge without DHCP: Gantry gives addresses of a range, by raw.lxc'),
      bridge: z.string().min(1),
      from: address.describe('first address of the range that is ours to give'),
      to: address.describe('last address of the range'),
      prefix: z.int().min(8).max(30),
      gateway: address,
    })
    .strict(),
])
export type NetworkConfig = z.infer<typeof networkSchema>
export type StaticNetwork = Extract<NetworkConfig, { kind: 'static' }>

export const configSchema = z
  .object({
    socket: z.string().optional().describe('path of the unix socket; instead of url'),
    url: z
      .url({ protocol: /^https$/ })
      .optional()
      .describe('https://host:8443; needs clientCertificate and clientKey'),
    clientCertificate: z.string().optional().describe('PEM, trusted by the server'),
    clientKey: z.string().optional().describe('PEM').meta({ secret: true }),
    serverFingerprint: z
      .string()
      .regex(/^[0-9a-f]{64}$/i, 'sha256 in hex')
      .optional()
      .describe("sha256 of the server's certificate; without it the certificate must be valid for the host name"),
    project: z.string().min(1).default('default'),
    pool: z.string().min(1).default('default').describe('storage pool of root disks'),
    network: networkSchema.default({ kind: 'managed', network: 'incusbr0' }),
    profiles: z.array(z.string()).default([]).describe('profiles every machine gets; our own settings win'),
    machineConfig: stringMap.default({}).describe('instance configuration every machine gets, e.g. security.nesting'),
    machineDevices: z.record(z.string(), stringMap).default({}).describe('devices every machine gets'),
    parallelCreates: z.int().min(1).max(64).default(4).describe('machines made at the same time'),
  })
  .strict()
  .superRefine((config, context) => {
    if ((config.socket === undefined) === (config.url === undefined)) {
      context.addIssue({ code: 'custom', path: ['url'], message: 'give either socket or url' })
    }
    if (config.url !== undefined && (config.clientCertificate === undefined || config.clientKey === undefined)) {
      context.addIssue({ code: 'custom', path: ['clientKey'], message: 'url needs clientCertificate and clientKey' })
    }
    const { network } = config
    if (network.kind === 'static' && (parseAddress(network.from) ?? 0) > (parseAddress(network.to) ?? 0)) {
      context.addIssue({ code: 'custom', path: ['network', 'to'], message: 'the range ends before it begins' })
    }
  })
export type IncusConfig = z.infer<typeof configSchema>

/** Extras of one machine; merged over those of the provider, key by key. */
export const machineSpecSchema = z
  .object({
    profiles: z.array(z.string()).default([]),
    config: stringMap.default({}),
    devices: z.record(z.string(), stringMap).default({}),
  })
  .strict()
  .prefault({})
export type IncusMachineSpec = z.infer<typeof machineSpecSchema>
