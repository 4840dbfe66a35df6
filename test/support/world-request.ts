import type { MachineRequest, OwnerTag } from '../../src/provider/contract.ts'

/** A small machine, for a simulated world that nobody logs in to. */
export const worldRequest: MachineRequest = {
  owner: 'ins_a' as OwnerTag,
  hostname: 'w-0',
  resources: { cpu: 2, memoryBytes: 100, diskBytes: 10 },
  image: 'debian-12',
  zone: 'zone-a',
  host: 'host-1',
  spreadGroup: null,
  networks: [],
  loginUser: 'root',
  authorizedKey: '',
  hostKey: { publicKey: '', privateKeyPem: '' },
  specHash: 's',
}
