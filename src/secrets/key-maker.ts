import type { TenantId } from '../kernel/ids.ts'
import type { Seams } from '../kernel/seams.ts'
import type { Tx } from '../store/store.ts'
import { makeSshKeyPair } from './keys.ts'
import type { Vault } from './vault.ts'

/** Makes ed25519 SSH keys whose private half goes straight to the vault: who asks gets its reference only. */
export function keyMaker(vault: Vault, seams: Seams) {
  return {
    async make(tx: Tx, key: { readonly tenant: TenantId; readonly purpose: string; readonly comment: string }) {
      const pair = makeSshKeyPair(seams, key.comment)
      const secret = await vault.put(tx, { owner: key.tenant, purpose: key.purpose, value: pair.privateKeyPem })
      return { publicKey: pair.publicKey, secret }
    },
  }
}
