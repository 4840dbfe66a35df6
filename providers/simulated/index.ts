// Simulated machines: real SSH servers on loopback in a process of their own, with a bash interpreter inside.

import type { ProviderKind } from '../../src/provider/contract.ts'
import { configSchema, machineSpecSchema, type SimulatedConfig, type SimulatedMachineSpec } from './config.ts'
import { httpCloud } from './daemon/client.ts'
import { openWorld } from './daemon/start.ts'
import { simulatedSession } from './session.ts'

export { type WorldControl, worldControl } from './daemon/control.ts'
export { stopWorld } from './daemon/start.ts'

export const simulated: ProviderKind<SimulatedConfig, SimulatedMachineSpec> = {
  kind: 'simulated',
  simulated: true,
  config: configSchema,
  machineSpec: machineSpecSchema,
  connect: async (config, seams) => {
    const address = await openWorld(config.folder, config.world, seams)
    const { cloud, close } = await httpCloud(address)
    return simulatedSession(cloud, seams.clock, close)
  },
}
