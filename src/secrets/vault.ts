// Secrets at rest: a data key per owner encrypts them, the master key encrypts the data keys. A reference
// `sec_..@2` names one version for ever: versions are never reused, because fingerprints hold references.

import { isId, newId, type SecretId, type TenantId } from '../kernel/ids.ts'
import { ProblemError } from '../kernel/problem.ts'
import type { Seams } from '../kernel/seams.ts'
import type { SecretTable } from '../store/schema.ts'
import { statement } from '../store/statement.ts'
import type { Db, Store, Tx } from '../store/store.ts'
import { keyBytes, seal, unseal } from './envelope.ts'

/** Whose data key encrypts it. */
export type SecretOwner = TenantId | 'installation'

/** `sec_..@<version>`, a name and never a value. */
export type SecretRef = string

/** A shorter one could not be redacted without redacting half of every log. */
export const minSecretBytes = 8

export interface Vault {
  /** Keeps a new secret and answers its reference, version 1. Throws 'invalid_request' below 8 bytes. */
  put(
    tx: Tx,
    secret: { readonly owner: SecretOwner; readonly purpose: string; readonly value: string },
  ): Promise<SecretRef>
  /** Keeps a new value of an existing secret and answers the new reference. The older versions stay readable. */
  putVersion(tx: Tx, secret: SecretRef, value: string): Promise<SecretRef>
  /** The value. Throws 'secret_unavailable' when it was destroyed, never was, or does not open. */
  get(db: Db, ref: SecretRef): Promise<string>
  /** Destroys one version (`sec_..@1`) or, by id alone, all of them. Destroying again is no error. */
  destroy(tx: Tx, secret: SecretRef): Promise<void>
}

const selectDataKey = statement((db, { owner }: { owner: string }) =>
  db.selectFrom('data_keys').select('wrapped').where('owner', '=', owner),
)
const insertSecret = statement((db, row: SecretTable) => db.insertInto('secrets').values(row))
const selectSecret = statement((db, { id, version }: { id: SecretId; version: number }) =>
  db
    .selectFrom('secrets')
    .innerJoin('data_keys', 'data_keys.owner', 'secrets.owner')
    .select(['secrets.owner', 'ciphertext', 'wrapped'])
    .where('id', '=', id)
    .where('version', '=', version),
)

const emptySecret = statement((db, { id }: { id: SecretId }) =>
  db.updateTable('secrets').set({ ciphertext: '' }).where('id', '=', id),
)
const emptyVersion = statement((db, { id, version }: { id: SecretId; version: number }) =>
  db.updateTable('secrets').set({ ciphertext: '' }).where('id', '=', id).where('version', '=', version),
)

/** Throws 'secret_unavailable' when `masterKey` is not the one this database was written with. */
export async function openVault(store: Store, masterKey: Uint8Array, seams: Seams): Promise<Vault> {
  if (masterKey.length !== keyBytes) throw unavailable(`The master key has ${masterKey.length} bytes, not ${keyBytes}.`)
  // By wrapped text and not by owner: a key whose transaction was rolled back must not be used again.
  const opened = new Map<string, Buffer>()

  function unwrap(owner: string, wrapped: string): Buffer {
    const known = opened.get(wrapped)
    if (known) return known
    try {
      const key = unseal(masterKey, wrapped, placeOfKey(owner))
      opened.set(wrapped, key)
      return key
    } catch (cause) {
      throw unavailable('The master key does not open the keys of this database.', cause)
    }
  }

  async function dataKey(tx: Tx, owner: string): Promise<Buffer> {
    const row = await selectDataKey.first(tx, { owner })
    if (row) return unwrap(owner, row.wrapped)
    const key = Buffer.from(seams.random.bytes(keyBytes))
    const wrapped = seal(masterKey, key, placeOfKey(owner), seams.random)
    await tx.insertInto('data_keys').values({ owner, wrapped, created_at: seams.clock.now() }).execute()
    return key
  }

  async function keep(tx: Tx, id: SecretId, version: number, owner: string, purpose: string, value: string) {
    const bytes = Buffer.from(value)
    if (bytes.length < minSecretBytes) {
      throw new ProblemError({
        code: 'invalid_request',
        detail: `A secret has at least ${minSecretBytes} bytes; the one for ${purpose} has ${bytes.length}.`,
        next: 'Choose a longer one: shorter ones cannot be kept out of logs.',
      })
    }
    const ciphertext = seal(await dataKey(tx, owner), bytes, placeOf(id, version, owner), seams.random)
    const created_at = seams.clock.now()
    await insertSecret.run(tx, { id, version, owner, purpose, ciphertext, created_at })
    return `${id}@${version}`
  }

  const someKey = await store.read.selectFrom('data_keys').select(['owner', 'wrapped']).limit(1).executeTakeFirst()
  if (someKey) unwrap(someKey.owner, someKey.wrapped)

  return {
    put: (tx, { owner, purpose, value }) => keep(tx, newId('secret', seams), 1, owner, purpose, value),

    async putVersion(tx, secret, value) {
      const { id } = parse(secret)
      const last = await tx
        .selectFrom('secrets')
        .select(['version', 'owner', 'purpose'])
        .where('id', '=', id)
        .orderBy('version', 'desc')
        .limit(1)
        .executeTakeFirst()
      if (!last) throw unavailable(`There is no secret ${id}.`)
      return keep(tx, id, last.version + 1, last.owner, last.purpose, value)
    },

    async get(db, ref) {
      const { id, version } = parse(ref)
      const row = await selectSecret.first(db, { id, version: version ?? 0 })
      if (!row) throw unavailable(`There is no secret ${ref}.`)
      if (row.ciphertext === '') throw unavailable(`The secret ${ref} was destroyed.`)
      const key = unwrap(row.owner, row.wrapped)
      try {
        return unseal(key, row.ciphertext, placeOf(id, version ?? 0, row.owner)).toString()
      } catch (cause) {
        throw unavailable(`The secret ${ref} does not open: its row was altered.`, cause)
      }
    },

    // The row stays without its text, so that its version is never given again.
    async destroy(tx, secret) {
      const { id, version } = parse(secret)
      if (version === null) await emptySecret.run(tx, { id })
      else await emptyVersion.run(tx, { id, version })
    },
  }
}

function parse(ref: SecretRef): { id: SecretId; version: number | null } {
  const [id = '', version, ...rest] = ref.split('@')
  if (!isId('secret', id) || rest.length > 0 || (version !== undefined && !/^[1-9]\d{0,8}$/.test(version))) {
    throw unavailable(`${JSON.stringify(ref)} is no reference of a secret.`)
  }
  return { id, version: version === undefined ? null : Number(version) }
}

function placeOf(id: SecretId, version: number, owner: string): string {
  return `secret/${owner}/${id}@${version}`
}

function placeOfKey(owner: string): string {
  return `data-key/${owner}`
}

function unavailable(detail: string, cause?: unknown): ProblemError {
  const next = 'Start Gantry with the master key that belongs to this database, or set the secret anew.'
  return new ProblemError({ code: 'secret_unavailable', detail, next }, { cause })
}
