import type { Machine } from '../inside.ts'
import { engineOf } from './engine.ts'
import { rootFolder } from './facts.ts'

// What a member of a swarm proves itself by, on its disk: of a real certificate it has the names, as plain text amid
// bytes. Its organization is the swarm's id, its common name the node's.

const folder = `${rootFolder}/swarm/certificates`
const file = `${folder}/swarm-node.crt`

/** The certificate of the swarm its engine is a member of. */
export function writeCertificate(machine: Machine): void {
  const { membership } = engineOf(machine)
  if (membership === null) return
  const der = Buffer.concat([
    Buffer.from([0x30, 0x82, 0x02, 0x00, 0x0c, membership.clusterId.length]),
    Buffer.from(membership.clusterId),
    Buffer.from([0x31, 0x0c, membership.nodeId.length]),
    Buffer.from(membership.nodeId),
    Buffer.from([0xff, 0x00]),
  ])
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  machine.disk.mkdirSync(folder, { recursive: true })
  machine.disk.writeFileSync(file, `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`)
}

export async function forgetCertificate(machine: Machine): Promise<void> {
  await machine.disk.rm(file, { force: true })
}
