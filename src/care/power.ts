import { z } from 'zod'
import type { ProviderId } from '../kernel/ids.ts'
import type { Db } from '../store/store.ts'

const factsSchema = z.object({ capabilities: z.object({ power: z.boolean().optional() }).optional() })

/** Those of these providers that cannot stop and start machines, by name, as they declared when they were last probed. */
export async function powerless(db: Db, providers: readonly ProviderId[]): Promise<string[]> {
  if (providers.length === 0) return []
  const rows = await db.selectFrom('providers').select(['name', 'facts']).where('id', 'in', providers).execute()
  return rows.filter(({ facts }) => saysNo(facts)).map(({ name }) => name)
}

function saysNo(facts: string | null): boolean {
  const read = factsSchema.safeParse(JSON.parse(facts ?? '{}'))
  return read.success && read.data.capabilities?.power === false
}

/** What a person may choose for a machine that is there and not well. */
export async function resolutionsFor(db: Db, provider: ProviderId): Promise<string[]> {
  return (await powerless(db, [provider])).length > 0 ? ['recreate', 'ignore'] : ['reboot', 'recreate', 'ignore']
}
