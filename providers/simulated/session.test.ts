import { expect, test } from 'vitest'
import { realSeams } from '../../src/kernel/real-seams.ts'
import type { OwnerTag, ResourceKey } from '../../src/provider/contract.ts'
import { simulatedSession } from './session.ts'
import { cloudOf } from './world/cloud.ts'
import { worldLayout } from './world/layout.ts'
import { createWorld } from './world/world.ts'

const never = new AbortController().signal
const key = 'ins_test/0/plt_1/node-0@1' as ResourceKey
const request = {
  owner: 'ins_test' as OwnerTag,
  hostname: 'node-0',
  resources: { cpu: 1, memoryBytes: 2 ** 30, diskBytes: 2 ** 30 },
  image: 'debian-12',
  zone: 'zone-a',
  host: null,
  spreadGroup: null,
  networks: [],
  loginUser: 'admin',
  authorizedKey: '',
  hostKey: { publicKey: '', privateKeyPem: '' },
  specHash: 'hash',
  own: {},
}

test('a create that was stopped for long after its look is not sent: another may have made the machine', async () => {
  const seams = realSeams()
  const world = createWorld(worldLayout.parse({}), seams, seams.random)
  const cloud = cloudOf(world)
  let now = 0
  let passes = 10_000
  const session = simulatedSession(
    {
      ...cloud,
      async find(keys) {
        const found = await cloud.find(keys)
        now += passes
        return found
      },
    },
    { ...seams.clock, now: () => now },
  )
  await expect(session.create(key, request, never)).rejects.toMatchObject({ kind: 'transient', outcome: 'none' })
  expect(world.living()).toEqual([])
  passes = 1_000
  await session.create(key, request, never)
  expect(world.living()).toHaveLength(1)
})
