// Incus and LXD: containers as machines, through their REST API. README.md says what to configure.

import type { ProviderKind } from '../../src/provider/contract.ts'
import { configSchema, type IncusConfig, type IncusMachineSpec, machineSpecSchema } from './config.ts'
import { openSession } from './session.ts'

export const incus: ProviderKind<IncusConfig, IncusMachineSpec> = {
  kind: 'incus',
  simulated: false,
  config: configSchema,
  machineSpec: machineSpecSchema,
  connect: openSession,
}
