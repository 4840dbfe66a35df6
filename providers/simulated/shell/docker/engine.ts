import type { Engine } from '../../swarm/engine.ts'
import type { Machine } from '../inside.ts'

const engines = new WeakMap<Machine, Engine>()

/** The Docker daemon of a machine; there is one whether it runs or not. */
export function engineOf(machine: Machine): Engine {
  let engine = engines.get(machine)
  if (engine === undefined) {
    const { addresses, cpu, memoryBytes } = machine.facts
    engine = {
      get hostname() {
        return machine.hostname
      },
      address: addresses[0] ?? '127.0.0.1',
      cpu,
      memoryBytes,
      isUp: () => machine.services.has('docker') && machine.around.answers(),
      membership: null,
      images: new Map(),
    }
    engines.set(machine, engine)
  }
  return engine
}
