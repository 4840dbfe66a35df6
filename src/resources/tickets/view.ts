import { instant } from '../../http/schema.ts'
import { usageOfTicket } from '../../quota/index.ts'
import type { Db, TicketTable } from '../../store/index.ts'
import { parseLabels } from '../labels.ts'
import { usage } from './amounts.ts'
import type { Ticket } from './schemas.ts'

/** The ticket with its limits, what is used of them, and who has shares. */
export async function ticketView(db: Db, row: TicketTable): Promise<Ticket> {
  const uses = await usageOfTicket(db, row.id)
  const sharers = [...new Set(uses.flatMap((use) => use.shares.map((share) => share.project)))]
  const names =
    sharers.length === 0
      ? []
      : await db.selectFrom('projects').select(['id', 'name']).where('id', 'in', sharers).execute()
  return {
    id: row.id,
    name: row.name,
    tenant: row.tenant_id,
    limits: Object.fromEntries(uses.map((use) => [use.key, usage(use.amount, use.used)])),
    shares: names.map(({ id, name }) => ({
      project: id,
      projectName: name,
      limits: Object.fromEntries(
        uses.flatMap((use) =>
          use.shares
            .filter((share) => share.project === id)
            .map((share) => [use.key, usage(share.amount, share.used)] as const),
        ),
      ),
    })),
    labels: parseLabels(row.labels),
    createdAt: instant(row.created_at),
  }
}
