import type { SimMachine } from '../../../providers/simulated/world/sim-machine.ts'
import type { World } from '../../../providers/simulated/world/world.ts'
import type { RemoteTarget } from '../../../src/bootstrap/index.ts'
import { realSeams } from '../../../src/kernel/real-seams.ts'
import type { MachineRequest, OwnerTag, ResourceKey } from '../../../src/provider/contract.ts'
import { makeSshKeyPair } from '../../../src/secrets/index.ts'
import { type HarnessMachine, scriptOf } from '../remote/harness.ts'

// What the suite asks of a machine, done to a simulated one from behind.

const platformKey = makeSshKeyPair(realSeams(), 'platform')
const hostKey = makeSshKeyPair(realSeams(), 'host')
const folder = '/root'
let booted = 0

/** A machine that answers, and the target by which it is reached. */
export async function bootMachine(world: World, user: string): Promise<{ machine: SimMachine; target: RemoteTarget }> {
  const [host] = world.hosts
  if (host === undefined) throw new Error('a world without hosts')
  const name = `m-${booted++}`
  const request: MachineRequest = {
    owner: 'ins_test' as OwnerTag,
    hostname: name,
    resources: { cpu: 1, memoryBytes: 1, diskBytes: 1 },
    image: 'debian-12',
    zone: host.zone,
    host: host.name,
    spreadGroup: null,
    networks: [],
    loginUser: user,
    authorizedKey: platformKey.publicKey,
    hostKey,
    specHash: 'h',
  }
  const machine = await world.add(name as ResourceKey, request, host)
  // So that the rule about starters that died need not take the real 10 s.
  machine.inside().disk.writeFileSync('/etc/environment', 'GANTRY_GRACE_MS=2000\n')
  const target = {
    incarnation: `mch_${name}`,
    endpoints: [machine.endpoint],
    user,
    hostKey: hostKey.publicKey,
    privateKeyPem: platformKey.privateKeyPem,
  }
  return { machine, target }
}

type Fate = Omit<HarnessMachine, 'kill' | 'claimOnly'>

export function fateOf(world: World, machine: SimMachine, target: RemoteTarget): Fate {
  const { disk } = machine.inside()
  return {
    target,
    script: (id, act) => scriptOf(folder, id, act),
    begun: async (id) => (await disk.readFile(`${folder}/begun.${id}`).catch(() => '')).length,
    release: (id) => disk.writeFile(`${folder}/go.${id}`, ''),
    reboot: async () => world.reset(machine),
    onDisk: async (text) => {
      for (const path of disk.getAllPaths()) {
        const content = await disk.readFile(path).catch(() => '')
        if (content.includes(text)) return true
      }
      return false
    },
    cutNext: (point) => {
      machine.cutNext = point
    },
  }
}
