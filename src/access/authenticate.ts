import { ProblemError } from '../kernel/problem.ts'
import type { Db } from '../store/index.ts'
import { statement } from '../store/statement.ts'
import type { Actor } from './authorize.ts'
import { type Role, roles } from './policy.ts'
import { isToken, tokenHash } from './token.ts'

const selectToken = statement((db, { hash }: { hash: string }) =>
  db.selectFrom('tokens').select(['id', 'name', 'role']).where('hash', '=', hash).where('revoked_at', 'is', null),
)

/** Who holds this bearer token. Read from the database every time, so that a revoked one is refused at once. */
export async function authenticate(db: Db, bearer: string | undefined): Promise<Actor> {
  if (bearer === undefined) throw refused('No token was sent.')
  if (!isToken(bearer)) throw refused('This is not a Gantry token: prefix or checksum is wrong.')
  const row = await selectToken.first(db, { hash: tokenHash(bearer) })
  if (!row) throw refused('This token is unknown or revoked.')
  return { id: row.id, name: row.name, roles: rolesOf(row.role) }
}

function rolesOf(stored: string): Role[] {
  return roles.filter((role) => role === stored)
}

function refused(detail: string): ProblemError {
  return new ProblemError({
    code: 'unauthenticated',
    detail,
    next: 'Send Authorization: Bearer gnt_...; the first token was printed when this installation was first started.',
  })
}
