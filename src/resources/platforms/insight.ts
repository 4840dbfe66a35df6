// What one looks into a platform with: why, what happened, what a step said, how to log in.

import { ok } from '../../http/reply.ts'
import { id, z } from '../../http/schema.ts'
import { endpoint } from '../endpoint.ts'
import { History, transitions } from '../events/index.ts'
import { knownHosts, listMachines, sshEndpoint } from '../machines/index.ts'
import { followPlatform, Output, revealed, StepList } from '../tasks/index.ts'
import { explainPlatform } from './explain.ts'
import { waitForLog } from './logs.ts'
import { Explanation, LogList, PlatformSsh } from './schemas.ts'
import { getPlatform } from './store.ts'
import { outputsOf } from './view.ts'

const params = z.object({ platform: id('platform') })
const about = ({ platform }: z.output<typeof params>) => ({ kind: 'platform', id: platform }) as const

export const platformInsightEndpoints = [
  endpoint({
    method: 'get',
    path: '/v1/platforms/{platform}/explain',
    operationId: 'explainPlatform',
    summary: 'Why a platform is not ready, since when, what is tried next, who can act',
    tag: 'platforms',
    permission: 'platform.read',
    about,
    params,
    answers: { 200: { description: 'The explanation.', schema: Explanation } },
    problems: [],
    handle: async (rooms, { scope, params: { platform } }) => ok(await explainPlatform(rooms, scope, platform)),
  }),
  endpoint({
    method: 'get',
    path: '/v1/platforms/{platform}/history',
    operationId: 'getPlatformHistory',
    summary: 'Every change of state of a platform, with cause and actor',
    description: 'Also after it is deleted.',
    tag: 'platforms',
    permission: 'platform.read',
    about,
    params,
    answers: { 200: { description: 'Oldest first.', schema: History } },
    problems: [],
    async handle({ store }, { params: { platform } }) {
      return ok({ items: await transitions(store.read, { kind: 'platform', id: platform }) })
    },
  }),
  endpoint({
    method: 'get',
    path: '/v1/platforms/{platform}/steps',
    operationId: 'listSteps',
    summary: 'The steps of a platform and how far they are',
    tag: 'platforms',
    permission: 'platform.read',
    about,
    params,
    answers: { 200: { description: 'In the order of the plan; none after deletion.', schema: StepList } },
    problems: [],
    async handle(rooms, { params: { platform } }) {
      return ok({ items: (await followPlatform(rooms, platform))?.steps ?? [] })
    },
  }),
  endpoint({
    method: 'get',
    path: '/v1/platforms/{platform}/logs',
    operationId: 'readLogs',
    summary: 'What the scripts of a platform printed',
    description:
      'The last attempt of each step that matches. To follow one, name its `attempt`, give its `next` as `after`, and send `Prefer: wait=N`: the answer comes when there is more or the attempt has ended.',
    tag: 'platforms',
    permission: 'platform.read',
    about,
    params,
    query: z.strictObject({
      machine: z
        .string()
        .max(80)
        .optional()
        .openapi({ description: 'A machine id, or a member with or without its incarnation.', example: 'worker-1' }),
      step: z.string().max(200).optional().openapi({ description: 'Key or name of a step.', example: 'join' }),
      attempt: id('attempt').optional(),
      all: z.enum(['true', 'false']).default('false').openapi({ description: 'Earlier attempts too.' }),
      after: z.coerce
        .number()
        .pipe(z.int().min(0))
        .default(0)
        .openapi({ type: 'integer', minimum: 0, default: 0, description: 'Position to read from, in characters.' }),
    }),
    waits: true,
    answers: { 200: { description: 'Oldest attempt first.', schema: LogList } },
    problems: [],
    async handle(rooms, { params: { platform }, query, waitMs, signal }) {
      const filter = { ...query, all: query.all === 'true' }
      return ok({ items: await waitForLog(rooms, platform, filter, waitMs, signal) })
    },
  }),
  endpoint({
    method: 'get',
    path: '/v1/platforms/{platform}/outputs/{output}',
    operationId: 'getOutput',
    summary: 'The value of an output, also of a secret one',
    tag: 'platforms',
    permission: 'platform.secret',
    about: ({ platform }) => ({ kind: 'platform', id: platform }),
    params: z.object({ platform: id('platform'), output: z.string().max(200) }),
    answers: { 200: { description: 'The output.', schema: Output } },
    problems: ['secret_unavailable'],
    async handle(rooms, { scope, params: { platform, output } }) {
      const row = await getPlatform(rooms.store.read, scope, platform)
      return ok(await revealed(rooms, outputsOf(row), output))
    },
  }),
  endpoint({
    method: 'get',
    path: '/v1/platforms/{platform}/ssh',
    operationId: 'getPlatformSsh',
    summary: "How to log in to a platform's machines",
    description: "With the platform's private key: who may call this may log in.",
    tag: 'platforms',
    permission: 'platform.secret',
    about,
    params,
    answers: { 200: { description: 'Key and machines.', schema: PlatformSsh } },
    problems: ['secret_unavailable'],
    async handle(rooms, { scope, params: { platform } }) {
      const db = rooms.store.read
      const row = await getPlatform(db, scope, platform)
      const machines = await listMachines(db, scope, { platform })
      return ok({
        publicKey: row.ssh_public_key,
        privateKey: await rooms.vault.get(db, row.ssh_secret),
        machines: machines.map((machine) => {
          const at = sshEndpoint(machine)
          return {
            machine: machine.id,
            member: machine.member,
            host: at?.address ?? null,
            port: at?.port ?? null,
            user: machine.login_user,
            hostKey: machine.host_key,
            knownHosts: at ? knownHosts(at, machine.host_key) : null,
          }
        }),
      })
    },
  }),
]
