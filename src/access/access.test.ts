import { expect, test } from 'vitest'
import { seedProject, seedTenant, testStore } from '../../test/support/store.ts'
import { newId } from '../kernel/ids.ts'
import { realSeams } from '../kernel/real-seams.ts'
import { authenticate } from './authenticate.ts'
import { type Actor, authorize } from './authorize.ts'
import { firstToken } from './first-token.ts'
import { allows, policy, roles } from './policy.ts'
import { isToken, newToken } from './token.ts'

const seams = realSeams()

test('a token is told from a mistyped one without asking anybody', () => {
  const token = newToken(seams.random)
  expect(isToken(token)).toBe(true)
  for (let i = 4; i < token.length; i++) {
    const other = token[i] === '0' ? '1' : '0'
    expect(isToken(token.slice(0, i) + other + token.slice(i + 1)), `character ${i}`).toBe(false)
  }
  expect(isToken(token.slice(0, -1))).toBe(false)
  expect(isToken(token.replace('gnt_', 'gnx_'))).toBe(false)
})

test('the first token is made once, and opens until it is revoked', async () => {
  await using test = await testStore()
  const { store } = test
  const token = await store.write((tx) => firstToken(tx, seams))
  expect(await store.write((tx) => firstToken(tx, seams))).toBeUndefined()
  const actor = await authenticate(store.read, token)
  expect(actor).toMatchObject({ name: 'installation-admin', roles: ['installation-admin'] })
  await store.write((tx) => tx.updateTable('tokens').set({ revoked_at: 1 }).execute())
  await expect(authenticate(store.read, token)).rejects.toMatchObject({ code: 'unauthenticated' })
})

test('a scope says where a thing lives, and there is none for what does not exist', async () => {
  await using test = await testStore()
  const { store } = test
  const { tenant, project } = await store.write(async (tx) => {
    const id = await seedTenant(tx, seams)
    return { tenant: id, project: await seedProject(tx, seams, id) }
  })
  const admin: Actor = { id: 'tok_1', name: 'admin', roles: ['installation-admin'] }
  const scope = await authorize(store.read, admin, 'project.read', { kind: 'project', id: project })
  expect(scope).toMatchObject({ actor: 'tok_1', tenant, project, platform: null })
  const nowhere = { kind: 'platform', id: newId('platform', seams) } as const
  await expect(authorize(store.read, admin, 'platform.read', nowhere)).rejects.toMatchObject({ code: 'not_found' })
})

test('without a role that carries the permission nothing is said about whether the thing exists', async () => {
  await using test = await testStore()
  const viewer: Actor = { id: 'tok_2', name: 'viewer', roles: ['viewer'] }
  const target = { kind: 'platform', id: newId('platform', seams) } as const
  await expect(authorize(test.store.read, viewer, 'platform.delete', target)).rejects.toMatchObject({
    code: 'forbidden',
    facts: { permission: 'platform.delete' },
  })
})

test('platform operations and application operations do not need each other', () => {
  expect(allows('provider.write', ['infra-admin'])).toBe(true)
  expect(allows('platform.secret', ['infra-admin'])).toBe(false)
  expect(allows('platform.secret', ['operator'])).toBe(true)
  expect(allows('provider.read', ['operator'])).toBe(false)
  expect(allows('platform.read', ['auditor'])).toBe(true)
  expect(allows('platform.secret', ['auditor', 'viewer'])).toBe(false)
  expect(allows('tenant.read', [])).toBe(false)
})

test('nobody but the installation-admin has every right, and they have all', () => {
  for (const role of roles) {
    const carried = Object.values(policy).every((carriers: readonly string[]) => carriers.includes(role))
    expect(carried, role).toBe(role === 'installation-admin')
  }
})
