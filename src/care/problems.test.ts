// Whatever its code, a problem ends when what it is about goes: nobody can decide about what is not there.

import { expect, test } from 'vitest'
import {
  seedMachine,
  seedPlatform,
  seedProject,
  seedProvider,
  seedTenant,
  testStore,
} from '../../test/support/store.ts'
import { listEvents, moveMachine, moveMember, movePlatform } from '../events/index.ts'
import { newId } from '../kernel/ids.ts'
import { namedProblemCodes } from '../kernel/problem.ts'
import { realSeams } from '../kernel/real-seams.ts'
import type { Tx } from '../store/store.ts'
import { openProblem } from './problems.ts'

const seams = realSeams()
const because = { actor: 'test', cause: 'scaleDown' }

/** A platform with two members, each of which has a problem of every code there is, as has the platform itself. */
async function troubled(tx: Tx) {
  const tenant = await seedTenant(tx, seams)
  const project = await seedProject(tx, seams, tenant)
  const platform = await seedPlatform(tx, seams, { tenant, project })
  const provider = await seedProvider(tx, seams)
  const member = async (ordinal: number) => {
    const [id, machine] = [newId('member', seams), newId('machine', seams)]
    await tx
      .insertInto('members')
      .values({
        id,
        platform_id: platform,
        group_name: 'worker',
        ordinal,
        incarnation: 1,
        state: 'in',
        state_since: 0,
        cause: null,
        revision: 1,
        warm_until: null,
        machine_id: machine,
        created_at: 0,
      })
      .execute()
    await seedMachine(tx, { id: machine, tenant, project, platform, member: id, provider })
    return { id, machine, ref: `worker-${ordinal}@1` }
  }
  const members = [await member(0), await member(1)] as const
  const place = { id: platform, tenantId: tenant, projectId: project }
  for (const code of namedProblemCodes) {
    const said = { code, detail: 'something is wrong', resolutions: ['ignore'] }
    for (const { ref, machine } of members) {
      await openProblem(tx, seams, place, { ...said, subject: ref, machineId: machine })
      // A step that drifted, say: of the machine, and called by another name.
      await openProblem(tx, seams, place, { ...said, subject: `script/${ref}/join`, machineId: machine })
    }
    await openProblem(tx, seams, place, { ...said, subject: 'platform', machineId: null })
  }
  return { platform, members }
}

async function openSubjects(tx: Tx) {
  const rows = await tx.selectFrom('problems').select('subject').where('resolved_at', 'is', null).execute()
  return [...new Set(rows.map(({ subject }) => subject))].sort()
}

test('a member that leaves ends the problems of every code that are about it, by event, and nobody else’s', async () => {
  await using fixture = await testStore()
  const { store } = fixture
  const { platform, members } = await store.write(troubled)
  const [leaving] = members
  await store.write((tx) => moveMember(tx, seams, { member: leaving.id, to: 'leaving', ...because }))
  expect(await store.write(openSubjects)).toEqual(['platform', 'script/worker-1@1/join', 'worker-1@1'])
  const told = await listEvents(store.read, { platform, kinds: ['problem.resolved'], limit: 1_000 })
  expect(told).toHaveLength(2 * namedProblemCodes.length)
  expect(new Set(told.map(({ data }) => data.code))).toEqual(new Set(namedProblemCodes))
  expect(new Set(told.map(({ cause }) => cause))).toEqual(new Set(['its member leaves: scaleDown']))
})

test('what was told of a member that leaves already ends when it is gone', async () => {
  await using fixture = await testStore()
  const { store } = fixture
  const { platform, members } = await store.write(troubled)
  const [{ id, machine, ref }] = members
  await store.write(async (tx) => {
    await moveMember(tx, seams, { member: id, to: 'leaving', ...because })
    const { tenant_id, project_id } = await tx.selectFrom('platforms').selectAll().executeTakeFirstOrThrow()
    const place = { id: platform, tenantId: tenant_id, projectId: project_id }
    const problem = {
      subject: ref,
      machineId: machine,
      code: 'provider_denied',
      detail: 'no',
      resolutions: [],
    } as const
    expect(await openProblem(tx, seams, place, problem)).toBe(true)
    await moveMachine(tx, seams, { machine, to: 'deleted', ...because })
    await moveMember(tx, seams, { member: id, to: 'gone', ...because })
  })
  expect(await store.write(openSubjects)).not.toContain(ref)
})

test('a platform that is to be deleted ends them all, and so does its end', async () => {
  await using fixture = await testStore()
  const { store } = fixture
  const { platform } = await store.write(troubled)
  await store.write((tx) => movePlatform(tx, seams, { platform, to: 'deleting', ...because }))
  expect(await store.write(openSubjects)).toEqual([])
  await store.write(async (tx) => {
    const { tenant_id, project_id } = await tx.selectFrom('platforms').selectAll().executeTakeFirstOrThrow()
    const place = { id: platform, tenantId: tenant_id, projectId: project_id }
    const late = {
      subject: 'platform',
      machineId: null,
      code: 'provider_denied',
      detail: 'no',
      resolutions: [],
    } as const
    expect(await openProblem(tx, seams, place, late)).toBe(true)
    await movePlatform(tx, seams, { platform, to: 'deleted', ...because })
  })
  expect(await store.write(openSubjects)).toEqual([])
})
