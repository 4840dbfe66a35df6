import { Instant, id, Name, pageOf, z } from '../../http/schema.ts'
import { machineStates } from '../../kernel/states.ts'

export const Machine = z
  .object({
    id: id('machine'),
    name: z.string().openapi({ description: 'The member and its incarnation.', example: 'worker-1@2' }),
    member: Name.openapi({ example: 'worker-1' }),
    group: z.string(),
    incarnation: z.int(),
    platform: id('platform'),
    platformName: Name,
    tenant: id('tenant'),
    project: id('project'),
    provider: id('provider'),
    providerName: Name,
    simulated: z.boolean(),
    zone: z.string(),
    host: z.string().nullable(),
    state: z.enum(machineStates),
    stateSince: Instant,
    cpu: z.number(),
    memoryBytes: z.int(),
    diskBytes: z.int(),
    address: z.string().nullable(),
    sshPort: z.int().nullable(),
    endpoints: z.array(z.object({ address: z.string(), port: z.int() })),
    loginUser: z.string(),
    hostKey: z.string().openapi({ description: 'ed25519 public key, OpenSSH one-line form.' }),
    nativeRef: z.string().nullable().openapi({ description: "The provider's own id." }),
    resourceKey: z.string(),
    createdAt: Instant,
    goneAt: Instant.nullable().openapi({ description: 'When it was observed gone.' }),
  })
  .openapi('Machine')
export type Machine = z.infer<typeof Machine>

export const MachineList = pageOf('MachineList', Machine)

export const MachineSsh = z
  .object({
    machine: id('machine'),
    member: z.string(),
    host: z.string(),
    port: z.int(),
    user: z.string(),
    hostKey: z.string(),
    knownHosts: z.string().openapi({ description: 'A line for known_hosts.' }),
    privateKey: z.string().openapi({ description: "The platform's key, PEM.", format: 'password' }),
  })
  .openapi('MachineSsh')
