import { decodeCursor, encodeCursor, pageQuery } from '../../http/cursor.ts'
import { ok } from '../../http/reply.ts'
import { id, z } from '../../http/schema.ts'
import { ProblemError } from '../../kernel/problem.ts'
import { machineStates } from '../../kernel/states.ts'
import { endpoint, installation } from '../endpoint.ts'
import { History, transitions } from '../events/index.ts'
import { simulatedKinds } from '../simulated.ts'
import { Machine, MachineList, MachineSsh } from './schemas.ts'
import { getMachine, listMachines } from './store.ts'
import { knownHosts, machineView, sshEndpoint } from './view.ts'

const machineId = id('machine')
const params = z.object({ machine: machineId })
const about = ({ machine }: z.output<typeof params>) => ({ kind: 'machine', id: machine }) as const

export const machineEndpoints = [
  endpoint({
    method: 'get',
    path: '/v1/machines',
    operationId: 'listMachines',
    summary: 'List machines',
    description: 'Deleted ones are listed only with `state=deleted`.',
    tag: 'machines',
    permission: 'platform.read',
    about: installation,
    query: z.strictObject({
      ...pageQuery,
      name: z.string().max(80).optional().openapi({ description: 'The member, with or without its incarnation.' }),
      state: z.enum(machineStates).optional(),
      tenant: id('tenant').optional(),
      project: id('project').optional(),
      platform: id('platform').optional(),
      provider: id('provider').optional(),
      host: z.string().max(255).optional(),
    }),
    answers: { 200: { description: 'A page of machines.', schema: MachineList } },
    problems: [],
    async handle(rooms, { scope, query: { cursor, limit, ...filter } }) {
      const after = decodeCursor(cursor, z.tuple([machineId]))?.[0]
      const rows = await listMachines(rooms.store.read, scope, { ...filter, after, limit: limit + 1 })
      const simulated = await simulatedKinds(
        rooms,
        rows.map((row) => row.provider_kind),
      )
      const last = rows.length > limit ? rows[limit - 1] : undefined
      return ok({
        items: rows.slice(0, limit).map((row) => machineView(row, simulated.has(row.provider_kind))),
        next: last ? encodeCursor([last.id]) : null,
      })
    },
  }),
  endpoint({
    method: 'get',
    path: '/v1/machines/{machine}',
    operationId: 'getMachine',
    summary: 'Show a machine',
    tag: 'machines',
    permission: 'platform.read',
    about,
    params,
    answers: { 200: { description: 'The machine.', schema: Machine } },
    problems: [],
    async handle(rooms, { scope, params: { machine } }) {
      const row = await getMachine(rooms.store.read, scope, machine)
      const simulated = await simulatedKinds(rooms, [row.provider_kind])
      return ok(machineView(row, simulated.has(row.provider_kind)))
    },
  }),
  endpoint({
    method: 'get',
    path: '/v1/machines/{machine}/history',
    operationId: 'getMachineHistory',
    summary: 'Every change of state of a machine, with cause and actor',
    description: 'Also after it is deleted.',
    tag: 'machines',
    permission: 'platform.read',
    about,
    params,
    answers: { 200: { description: 'Oldest first.', schema: History } },
    problems: [],
    async handle({ store }, { params: { machine } }) {
      return ok({ items: await transitions(store.read, { kind: 'machine', id: machine }) })
    },
  }),
  endpoint({
    method: 'get',
    path: '/v1/machines/{machine}/ssh',
    operationId: 'getMachineSsh',
    summary: 'How to log in to a machine',
    description: "With the platform's private key: who may call this may log in.",
    tag: 'machines',
    permission: 'platform.secret',
    about,
    params,
    answers: { 200: { description: 'Address, user, keys.', schema: MachineSsh } },
    problems: ['wrong_state', 'secret_unavailable'],
    async handle(rooms, { scope, params: { machine } }) {
      const db = rooms.store.read
      const row = await getMachine(db, scope, machine)
      const at = sshEndpoint(row)
      if (!at || row.state === 'deleted') {
        throw new ProblemError({
          code: 'wrong_state',
          detail: `${row.member} of ${row.platform_name} is ${row.state}: there is nowhere to log in.`,
          next: 'Wait until it is up; GET /v1/platforms/{platform}/explain says what it waits for.',
        })
      }
      const platform = await db
        .selectFrom('platforms')
        .select('ssh_secret')
        .where('id', '=', row.platform_id)
        .executeTakeFirstOrThrow()
      return ok({
        machine: row.id,
        member: row.member,
        host: at.address,
        port: at.port,
        user: row.login_user,
        hostKey: row.host_key,
        knownHosts: knownHosts(at, row.host_key),
        privateKey: await rooms.vault.get(db, platform.ssh_secret),
      })
    },
  }),
]
