// The two questions in their order: may they know that it exists, and may they do this to it. Until bindings come a
// token's one role holds for the whole installation.

import { ProblemError } from '../kernel/problem.ts'
import type { Db } from '../store/index.ts'
import { locate } from './locate.ts'
import { noSuch } from './no-such.ts'
import { allows, type Permission, type Role } from './policy.ts'
import { mint, type Scope, type Target } from './scope.ts'

export interface Actor {
  /** `tok_...`, as events name it. */
  readonly id: string
  readonly name: string
  readonly roles: readonly Role[]
}

/** Throws not_found where there is nothing, forbidden where no role of theirs carries the permission. */
export async function authorize(db: Db, actor: Actor, permission: Permission, target: Target): Promise<Scope> {
  if (!allows(permission, actor.roles)) {
    throw new ProblemError({
      code: 'forbidden',
      detail: `${actor.name} may not do this: it needs ${permission}.`,
      facts: { permission, roles: actor.roles },
      next: 'Ask an installation-admin for a role that carries it.',
    })
  }
  const place = await locate(db, target)
  if (place) return mint({ actor: actor.id, ...place })
  throw target.kind === 'installation' ? new Error('the installation is always there') : noSuch(target.kind, target.id)
}

/** The scope of calls that need no token: it opens nothing. */
export const nobody: Scope = mint({ actor: 'nobody', tenant: null, project: null, platform: null })
