import { expect, test } from 'vitest'
import { seedProject, seedTenant, testStore } from '../../test/support/store.ts'
import type { ProjectId, TenantId } from '../kernel/ids.ts'
import { realSeams } from '../kernel/real-seams.ts'
import { statement } from './statement.ts'

const seams = realSeams()
const byName = statement((db, { tenant, name }: { tenant: TenantId; name: string }) =>
  db.selectFrom('projects').select(['id', 'name']).where('tenant_id', '=', tenant).where('name', '=', name),
)
const rename = statement((db, { id, name }: { id: ProjectId; name: string }) =>
  db
    .updateTable('projects')
    .set((eb) => ({ name, version: eb('version', '+', 1) }))
    .where('id', '=', id),
)

test('a statement gives each call its own values and keeps the constants of its query', async () => {
  await using fixture = await testStore()
  const { store } = fixture
  await store.write(async (tx) => {
    const [a, b] = [await seedTenant(tx, seams, 'a'), await seedTenant(tx, seams, 'b')]
    const shop = await seedProject(tx, seams, a, 'shop')
    await seedProject(tx, seams, b, 'shop')
    expect(await byName.all(tx, { tenant: a, name: 'shop' })).toEqual([{ id: shop, name: 'shop' }])
    expect(await byName.first(tx, { tenant: b, name: 'web' })).toBeUndefined()
    await rename.run(tx, { id: shop, name: 'web' })
    await rename.run(tx, { id: shop, name: 'market' })
    expect(await byName.first(tx, { name: 'market', tenant: a })).toEqual({ id: shop, name: 'market' })
    const row = await tx.selectFrom('projects').select('version').where('id', '=', shop).executeTakeFirst()
    expect(row).toEqual({ version: 3 })
  })
})

test('a statement serves readers and writers of several databases', async () => {
  await using one = await testStore()
  await using other = await testStore()
  for (const { store } of [one, other]) {
    const tenant = await store.write(async (tx) => {
      const made = await seedTenant(tx, seams)
      await seedProject(tx, seams, made, 'shop')
      return made
    })
    expect(await byName.all(store.read, { tenant, name: 'shop' })).toHaveLength(1)
  }
})

test('a parameter that is missing fails instead of being null', async () => {
  await using fixture = await testStore()
  const call = (parameters: object) =>
    byName.first(fixture.store.read, parameters as { tenant: TenantId; name: string })
  await call({ tenant: 'tnt_1', name: 'shop' })
  await expect(call({ tenant: 'tnt_1' })).rejects.toThrow('no name')
})
