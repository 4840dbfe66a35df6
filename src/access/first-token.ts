import { appendEvent } from '../events/index.ts'
import { newId } from '../kernel/ids.ts'
import type { Seams } from '../kernel/seams.ts'
import type { Tx } from '../store/index.ts'
import { newToken, tokenHash } from './token.ts'

/**
 * The installation-admin's token, if this installation never had one: the text is the only copy there will be.
 * Undefined when it was made before.
 */
export async function firstToken(tx: Tx, seams: Seams): Promise<string | undefined> {
  const any = await tx.selectFrom('tokens').select('id').limit(1).executeTakeFirst()
  if (any) return undefined
  const token = newToken(seams.random)
  const id = newId('token', seams)
  await tx
    .insertInto('tokens')
    .values({
      id,
      name: 'installation-admin',
      hash: tokenHash(token),
      role: 'installation-admin',
      created_at: seams.clock.now(),
      revoked_at: null,
    })
    .execute()
  await appendEvent(tx, seams, {
    kind: 'token.created',
    subject: { kind: 'token', id },
    actor: 'gantry',
    cause: 'first start',
    data: { name: 'installation-admin' },
  })
  return token
}
