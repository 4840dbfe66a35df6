// Who an Incus is. What changes a certificate was read in incusd (cmd/incusd/api_1.0.go, api_acme.go and
// internal/server/cluster/membership.go): /1.0 tells the network certificate, which in a cluster is the cluster's.

import { expect, test } from 'vitest'
import { type Answers, pretendIncus, sync } from './pretend-incus.ts'

const signal = new AbortController().signal
const certificate = 'ab'.repeat(32)
const empty: Answers = (call) =>
  call === 'GET /resources' ? sync({ cpu: { total: 4 }, memory: { total: 2 ** 34, used: 0 } }) : sync({ config: {} })

test.each([
  ['a server of its own', ['n1']],
  ['a cluster', ['n1', 'n2']],
])('%s is its certificate and the project, asked for in one call', async (_, members) => {
  await using incus = await pretendIncus(members, empty)
  expect(await incus.session.identify?.(signal)).toBe(`${certificate}/default`)
  expect(incus.calls).toEqual(['GET '])
  expect((await incus.session.probe(signal)).identity).toBe(`${certificate}/default`)
})

test('another server behind the same socket is seen by a session that is open', async () => {
  await using incus = await pretendIncus(['n1'], empty)
  incus.environment.certificate_fingerprint = 'cd'.repeat(32)
  expect(await incus.session.identify?.(signal)).toBe(`${'cd'.repeat(32)}/default`)
})

test('a server that does not tell its certificate is nobody', async () => {
  await using incus = await pretendIncus(['n1'], empty)
  incus.environment.certificate_fingerprint = ''
  await expect(incus.session.identify?.(signal)).rejects.toMatchObject({ kind: 'rejected', outcome: 'none' })
})
