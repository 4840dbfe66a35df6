import type { ProviderId } from '../../kernel/ids.ts'
import type { Db } from '../../store/index.ts'
import { factsOf, type ProviderFacts } from './columns.ts'

/** Its name and what it said it can do when it was last checked; nothing where it was never asked. */
export async function capabilitiesOf(
  db: Db,
  provider: ProviderId,
): Promise<{ readonly name: string; readonly capabilities: ProviderFacts['capabilities'] }> {
  const row = await db
    .selectFrom('providers')
    .select(['name', 'facts'])
    .where('id', '=', provider)
    .executeTakeFirstOrThrow()
  return { name: row.name, capabilities: factsOf(row).capabilities }
}
