// A provider stays with its server for as long as something of ours is there: another server has never heard of these
// machines, and what is absent by a consistent lookup counts as gone.

import type { Scope } from '../../access/index.ts'
import { appendEvent } from '../../events/index.ts'
import type { ProviderId } from '../../kernel/ids.ts'
import { ProblemError } from '../../kernel/problem.ts'
import type { Seams } from '../../kernel/seams.ts'
import type { Db, ProviderTable, Tx } from '../../store/index.ts'
import { identityOf } from './columns.ts'

/**
 * Allows the change to the server that `answers`, with an event when its identity is not the one that is known. Throws
 * conflict for another server while anything of ours may be at the known one, unless the change `accepts` that identity.
 */
export async function requireSameServer(
  tx: Tx,
  seams: Seams,
  scope: Scope,
  row: ProviderTable,
  answers: string,
  accepts: string | undefined,
): Promise<void> {
  if (accepts !== undefined && accepts !== answers) throw notThatOne(row.name, answers, accepts)
  const known = identityOf(row)
  if (known === null || known === answers) return
  const there = await countThere(tx, row.id)
  if (there > 0 && accepts === undefined) throw anotherServer(row.name, known, answers, there)
  await appendEvent(tx, seams, {
    kind: 'provider.changed',
    subject: { kind: 'provider', id: row.id },
    actor: scope.actor,
    cause: there > 0 ? 'the new identity of its server was accepted' : 'it leads to another server; nothing was there',
    data: { name: row.name, identity: { from: known, to: answers }, machines: there },
  })
}

/** Machines that are not proven gone, COUNT: living ones, and those that appeared again under a closed receipt. */
async function countThere(db: Db, provider: ProviderId): Promise<number> {
  const { living } = await db
    .selectFrom('machines')
    .select((eb) => eb.fn.countAll<number>().as('living'))
    .where('provider_id', '=', provider)
    .where('state', '!=', 'deleted')
    .executeTakeFirstOrThrow()
  const { reopened } = await db
    .selectFrom('receipt_objects')
    .select((eb) => eb.fn.countAll<number>().as('reopened'))
    .where('provider_id', '=', provider)
    .where('reopened_at', 'is not', null)
    .executeTakeFirstOrThrow()
  return Number(living) + Number(reopened)
}

function anotherServer(name: string, known: string, answers: string, machines: number): ProblemError {
  return new ProblemError({
    code: 'conflict',
    detail: `This would lead provider ${name} to another server: ${answers} answers, it is known as ${known}, and has ${machines} machines of ours.`,
    facts: { provider: name, known, answers, machines },
    next:
      'Register the other server as a provider of its own. If it is the same server with the same machines under a ' +
      `new identity (e.g. its certificate was renewed), repeat the change with acceptIdentity ${answers} (gantry provider set ${name} --accept-identity ${answers}).`,
  })
}

function notThatOne(name: string, answers: string, accepts: string): ProblemError {
  return new ProblemError({
    code: 'conflict',
    detail: `The server of provider ${name} has the identity ${answers}, and not ${accepts}.`,
    facts: { provider: name, answers, accepts },
    next: 'Accept the identity that answers, once you know that it is the right server.',
  })
}
