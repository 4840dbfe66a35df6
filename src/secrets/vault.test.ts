import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { seedTenant, testStore } from '../../test/support/store.ts'
import { newId } from '../kernel/ids.ts'
import { realSeams } from '../kernel/real-seams.ts'
import { loadMasterKey } from './master-key.ts'
import { openVault } from './vault.ts'

const seams = realSeams()
const masterKey = seams.random.bytes(32)

test('a secret comes back by its reference, version by version, and the file never holds it', async () => {
  await using fixture = await testStore()
  const { store } = fixture
  const vault = await openVault(store, masterKey, seams)
  const owner = await store.write((tx) => seedTenant(tx, seams))
  const value = 'correct horse battery staple é'
  const first = await store.write((tx) => vault.put(tx, { owner, purpose: 'password', value }))
  const second = await store.write((tx) => vault.putVersion(tx, first, 'another value'))
  expect(first).toMatch(/^sec_[0-9a-z]{26}@1$/)
  expect(second).toBe(first.replace('@1', '@2'))
  const again = await openVault(store, masterKey, seams)
  expect(await again.get(store.read, first)).toBe(value)
  expect(await again.get(store.read, second)).toBe('another value')
  const bytes = Buffer.concat([readFileSync(fixture.path), readFileSync(`${fixture.path}-wal`)])
  expect(bytes.includes(owner)).toBe(true)
  expect(bytes.includes('battery staple')).toBe(false)
})

test('another master key is refused at the door', async () => {
  await using fixture = await testStore()
  const { store } = fixture
  const vault = await openVault(store, masterKey, seams)
  await store.write((tx) => vault.put(tx, { owner: 'installation', purpose: 'x', value: 'long enough' }))
  await expect(openVault(store, seams.random.bytes(32), seams)).rejects.toMatchObject({ code: 'secret_unavailable' })
  await expect(openVault(store, seams.random.bytes(16), seams)).rejects.toMatchObject({ code: 'secret_unavailable' })
})

test('a ciphertext moved to another row, or altered, does not open', async () => {
  await using fixture = await testStore()
  const { store } = fixture
  const vault = await openVault(store, masterKey, seams)
  const put = (value: string) => store.write((tx) => vault.put(tx, { owner: 'installation', purpose: 'x', value }))
  const [mine, yours] = [await put('my secret value'), await put('your secret value')]
  const row = await store.read.selectFrom('secrets').selectAll().where('id', '=', idOf(yours)).executeTakeFirstOrThrow()
  const forge = (ciphertext: string) =>
    store.write((tx) => tx.updateTable('secrets').set({ ciphertext }).where('id', '=', idOf(mine)).execute())
  await forge(row.ciphertext)
  await expect(vault.get(store.read, mine)).rejects.toMatchObject({ code: 'secret_unavailable' })
  await forge('v1:AAAA')
  await expect(vault.get(store.read, mine)).rejects.toMatchObject({ code: 'secret_unavailable' })
  expect(await vault.get(store.read, yours)).toBe('your secret value')
})

test('a destroyed version is gone for good and its number is not given again', async () => {
  await using fixture = await testStore()
  const { store } = fixture
  const vault = await openVault(store, masterKey, seams)
  const secret = { owner: 'installation', purpose: 'x', value: 'first value' } as const
  const first = await store.write((tx) => vault.put(tx, secret))
  const second = await store.write((tx) => vault.putVersion(tx, first, 'second value'))
  await store.write((tx) => vault.destroy(tx, second))
  await expect(vault.get(store.read, second)).rejects.toMatchObject({ code: 'secret_unavailable' })
  expect(await vault.get(store.read, first)).toBe('first value')
  expect(await store.write((tx) => vault.putVersion(tx, first, 'third value'))).toBe(first.replace('@1', '@3'))
  await store.write((tx) => vault.destroy(tx, idOf(first)))
  await expect(vault.get(store.read, first)).rejects.toMatchObject({ code: 'secret_unavailable' })
})

test('short values, unknown and malformed references are refused', async () => {
  await using fixture = await testStore()
  const { store } = fixture
  const vault = await openVault(store, masterKey, seams)
  const short = store.write((tx) => vault.put(tx, { owner: 'installation', purpose: 'pin', value: '1234567' }))
  await expect(short).rejects.toMatchObject({ code: 'invalid_request' })
  const unknown = newId('secret', seams)
  for (const ref of [unknown, `${unknown}@1`, `${unknown}@x`, `${unknown}@1@2`, 'hello', '']) {
    await expect(vault.get(store.read, ref)).rejects.toMatchObject({ code: 'secret_unavailable' })
  }
})

test('a data key whose transaction was rolled back encrypts nothing', async () => {
  await using fixture = await testStore()
  const { store } = fixture
  const vault = await openVault(store, masterKey, seams)
  const secret = { owner: 'installation', purpose: 'x', value: 'some value' } as const
  const undone = store.write(async (tx) => {
    await vault.put(tx, secret)
    throw new Error('undo')
  })
  await expect(undone).rejects.toThrow('undo')
  const ref = await store.write((tx) => vault.put(tx, secret))
  const fresh = await openVault(store, masterKey, seams)
  expect(await fresh.get(store.read, ref)).toBe('some value')
})

test('the master key is made once, for its owner alone, and read again', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-key-'))
  const path = join(folder, 'master.key')
  try {
    expect(() => loadMasterKey(path, seams, false)).toThrow('is missing, and the database was written with it')
    const key = loadMasterKey(path, seams, true)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(Buffer.from(loadMasterKey(path, seams, false))).toEqual(Buffer.from(key))
    expect(readdirSync(folder)).toEqual(['master.key'])
    chmodSync(path, 0o640)
    expect(() => loadMasterKey(path, seams, true)).toThrow('others')
    writeFileSync(path, 'not a key')
    chmodSync(path, 0o600)
    expect(() => loadMasterKey(path, seams, true)).toThrow('does not hold')
    expect(() => loadMasterKey(join(folder, 'no', 'where'), seams, true)).toThrow('cannot be made')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

function idOf(ref: string) {
  return ref.split('@')[0] as never
}
