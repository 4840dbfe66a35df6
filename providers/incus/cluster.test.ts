// A cluster of which a member is away. What Incus answers then was read in incusd 6.0.4 (cmd/incusd/instances_get.go):
// its instances are in the list without configuration, and a question for one of them alone fails.

import { expect, test } from 'vitest'
import type { MachineRequest, Observed, OwnerTag, ResourceKey, Session } from '../../src/provider/contract.ts'
import { machineSpecSchema } from './config.ts'
import { type Answers, pretendIncus, type Reply, refuse, sync } from './pretend-incus.ts'
import { nativeName } from './tags.ts'

const owner = 'ins_a' as OwnerTag
const never = new AbortController().signal
const keys = Array.from({ length: 6 }, (_, i) => `ins_a/0/plt_b/w-${i}@1` as ResourceKey)
const [alive = '' as ResourceKey, away = '' as ResourceKey, absent = '' as ResourceKey] = keys

const resources = sync({ cpu: { total: 4 }, memory: { total: 2 ** 34, used: 0 } })
const members = (status: string) =>
  sync([
    { server_name: 'n1', status: 'Online' },
    { server_name: 'n2', status },
  ])

function instance(key: ResourceKey, location: string) {
  const tags = { 'user.gantry.owner': owner, 'user.gantry.key': key }
  const times = { created_at: '2026-01-01T00:00:00Z', last_used_at: '2026-01-01T00:00:05Z' }
  return { name: nativeName(key), status: 'Running', type: 'container', location, config: tags, ...times }
}

function withoutConfig(key: ResourceKey, location: string) {
  const times = { created_at: '0001-01-01T00:00:00Z', last_used_at: '0001-01-01T00:00:00Z' }
  return { name: nativeName(key), status: 'Error', type: 'container', location, config: null, ...times }
}

const listed = [instance(alive, 'n1'), withoutConfig(away, 'n2'), withoutConfig('x/y' as ResourceKey, 'n2')]

/** The filter of a list, as the server applies it. */
function filtered(query: URLSearchParams) {
  const filter = query.get('filter') ?? ''
  return listed.filter(
    ({ config }) => config?.['user.gantry.owner'] === owner || filter === '' || /or status eq Error/.test(filter),
  )
}

const halfDead: Answers = (call, query): Reply | undefined => {
  switch (call) {
    case 'GET /instances':
      return sync(filtered(query))
    case `GET /instances/${nativeName(alive)}`:
      return sync(instance(alive, 'n1'))
    case `GET /instances/${nativeName(away)}`:
      return refuse(500, 'Get "https://10.0.0.2:8443/1.0": Unable to connect to: 10.0.0.2:8443')
    case 'GET /operations':
      return sync({})
    case 'GET /resources':
      return resources
    case 'GET /storage-pools/default/resources':
      return query.get('target') === 'n2' ? refuse(500, 'no route to host') : sync({ space: { total: 1, used: 0 } })
    case 'GET /cluster/members':
      return members('Online')
    default:
      return undefined
  }
}

function look(session: Session<unknown>, wanted: readonly ResourceKey[]): Promise<Observed[]> {
  return Array.fromAsync(
    session.observe(
      owner,
      wanted.map((key) => ({ key })),
      never,
    ),
  )
}

test('a machine on a member that does not answer is not absent: it failed, with the member as the reason', async () => {
  await using incus = await pretendIncus(['n1', 'n2'], halfDead)
  for (const wanted of [[alive, away, absent], keys]) {
    const seen = await look(incus.session, wanted)
    expect(seen.map(({ key, state }) => [key, state])).toEqual([
      [alive, 'running'],
      [away, 'failed'],
    ])
    expect(seen[1]).toMatchObject({ owner, reason: 'n2 does not answer for it', placement: { zone: 'n2', host: 'n2' } })
  }
  expect((await Array.fromAsync(incus.session.list(owner, never))).map(({ key }) => key)).toEqual([alive])
})

test('inventory tells of a member that has just gone away as unreachable, and of the others as they are', async () => {
  await using incus = await pretendIncus(['n1', 'n2'], halfDead)
  const hosts = await Array.fromAsync(incus.session.inventory(never))
  expect(hosts.map(({ name, state, capacity }) => [name, state, capacity?.cpu])).toEqual([
    ['n1', 'ready', 4],
    ['n2', 'unreachable', undefined],
  ])
})

test('a create that the server has taken and not yet written down is not absent', async () => {
  let underWay = [nativeName(absent)]
  await using incus = await pretendIncus(['n1', 'n2'], (call, query) => {
    if (call !== 'GET /operations') return halfDead(call, query)
    const resources = { instances: underWay.map((name) => `/1.0/instances/${name}?project=default`) }
    return sync({ running: [{ id: 'o1', status_code: 103, err: '', resources }] })
  })
  for (const wanted of [[absent], keys]) {
    const seen = (await look(incus.session, wanted)).filter(({ key }) => key === absent)
    expect(seen).toMatchObject([{ state: 'creating', unfinished: true, owner, endpoints: [] }])
  }
  underWay = []
  expect(await look(incus.session, [absent])).toEqual([])
})

test('an instance that appears between the look and the question for operations is seen', async () => {
  let asked = 0
  await using incus = await pretendIncus(['n1'], (call, query) => {
    if (call !== `GET /instances/${nativeName(absent)}`) return halfDead(call, query)
    return asked++ === 0 ? undefined : sync(instance(absent, 'none'))
  })
  expect((await look(incus.session, [absent])).map(({ state }) => state)).toEqual(['running'])
})

test.each([
  ['Offline', refuse(500, 'Unable to connect to: 10.0.0.2:8443'), 'unknown'],
  ['Evacuated', refuse(403, 'Cluster member is evacuated'), 'none'],
  ['Blocked', refuse(503, 'Daemon is starting up'), 'none'],
] as const)('a member that is %s has no capacity: its machine is placed elsewhere', async (status, answer, outcome) => {
  await using incus = await pretendIncus(['n1', 'n2'], (call, query) => {
    if (call === 'POST /instances') return answer
    if (call === 'GET /cluster/members/n2') return sync({ server_name: 'n2', status })
    return halfDead(call, query)
  })
  const made = incus.session.create(absent, { ...request, own: machineSpecSchema.parse(undefined) }, never)
  await expect(made).rejects.toMatchObject({ kind: 'capacity', outcome })
})

const request: MachineRequest = {
  owner,
  hostname: 'w-2',
  resources: { cpu: 1, memoryBytes: 2 ** 29, diskBytes: 2 ** 30 },
  image: 'debian',
  zone: 'n2',
  host: 'n2',
  spreadGroup: null,
  networks: [],
  loginUser: 'debian',
  authorizedKey: '',
  hostKey: { publicKey: '', privateKeyPem: '' },
  specHash: 's',
}
