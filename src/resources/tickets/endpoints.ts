import { etag, requireMatch } from '../../http/etag.ts'
import { created, noContent, ok } from '../../http/reply.ts'
import { id, z } from '../../http/schema.ts'
import { endpoint } from '../endpoint.ts'
import { refuseInUse } from '../in-use.ts'
import { listQuery, pageOfRows } from '../listing.ts'
import { checkKeys } from './amounts.ts'
import { Ticket, TicketCreate, TicketList, TicketPatch } from './schemas.ts'
import { changeTicket, createTicket, deleteTicket, getTicket, listTickets, sharersOf } from './store.ts'
import { ticketView } from './view.ts'

const params = z.object({ ticket: id('ticket') })
const about = ({ ticket }: z.output<typeof params>) => ({ kind: 'ticket', id: ticket }) as const
const inTenant = z.object({ tenant: id('tenant') })
const aboutTenant = ({ tenant }: z.output<typeof inTenant>) => ({ kind: 'tenant', id: tenant }) as const

export const ticketEndpoints = [
  endpoint({
    method: 'post',
    path: '/v1/tenants/{tenant}/tickets',
    operationId: 'createTicket',
    summary: 'Grant a tenant a ticket of limits',
    tag: 'tickets',
    permission: 'ticket.write',
    about: aboutTenant,
    params: inTenant,
    body: TicketCreate,
    answers: { 201: { description: 'The ticket.', schema: Ticket, headers: ['Location', 'ETag'] } },
    problems: ['name_taken', 'invalid_parameter'],
    async handle(rooms, call) {
      checkKeys(rooms.config, call.body.limits)
      return call.commit(async (tx) => {
        const row = await createTicket(tx, call.scope, rooms.seams, call.params.tenant, call.body)
        return created(`/v1/tickets/${row.id}`, await ticketView(tx, row), { etag: etag(row.version) })
      })
    },
  }),
  endpoint({
    method: 'get',
    path: '/v1/tenants/{tenant}/tickets',
    operationId: 'listTickets',
    summary: 'List the tickets of a tenant with what is used of them',
    tag: 'tickets',
    permission: 'ticket.read',
    about: aboutTenant,
    params: inTenant,
    query: z.strictObject(listQuery),
    answers: { 200: { description: 'A page of tickets.', schema: TicketList } },
    problems: [],
    async handle({ store }, { scope, params: { tenant }, query }) {
      const rows = await listTickets(store.read, scope, tenant, query)
      const { items, next } = pageOfRows(rows, query, (row) => row)
      return ok({ items: await Promise.all(items.map((row) => ticketView(store.read, row))), next })
    },
  }),
  endpoint({
    method: 'get',
    path: '/v1/tickets/{ticket}',
    operationId: 'getTicket',
    summary: 'Show a ticket with what is used and shared of it',
    tag: 'tickets',
    permission: 'ticket.read',
    about,
    params,
    answers: { 200: { description: 'The ticket.', schema: Ticket, headers: ['ETag'] } },
    problems: [],
    async handle({ store }, { scope, params: { ticket } }) {
      const row = await getTicket(store.read, scope, ticket)
      return ok(await ticketView(store.read, row), { etag: etag(row.version) })
    },
  }),
  endpoint({
    method: 'patch',
    path: '/v1/tickets/{ticket}',
    operationId: 'updateTicket',
    summary: 'Change the limits, name or labels of a ticket',
    description: 'A limit below what is used or shared is refused.',
    tag: 'tickets',
    permission: 'ticket.write',
    about,
    params,
    body: TicketPatch,
    matches: true,
    answers: { 200: { description: 'The ticket.', schema: Ticket, headers: ['ETag'] } },
    problems: ['name_taken', 'conflict', 'invalid_parameter'],
    async handle(rooms, call) {
      checkKeys(rooms.config, call.body.limits ?? {})
      return call.commit(async (tx) => {
        const row = await getTicket(tx, call.scope, call.params.ticket)
        requireMatch(call.ifMatch, row.version)
        const next = await changeTicket(tx, call.scope, rooms.seams, row, call.body)
        return ok(await ticketView(tx, next), { etag: etag(next.version) })
      })
    },
  }),
  endpoint({
    method: 'delete',
    path: '/v1/tickets/{ticket}',
    operationId: 'deleteTicket',
    summary: 'Delete a ticket',
    description: 'Refused while projects have shares of it, naming them.',
    tag: 'tickets',
    permission: 'ticket.write',
    about,
    params,
    matches: true,
    answers: { 204: { description: 'Deleted.' } },
    problems: ['in_use'],
    handle: (rooms, call) =>
      call.commit(async (tx) => {
        const row = await getTicket(tx, call.scope, call.params.ticket)
        requireMatch(call.ifMatch, row.version)
        refuseInUse('ticket', row.name, await sharersOf(tx, row.id), 'Take the shares of these projects away first.')
        await deleteTicket(tx, call.scope, rooms.seams, row)
        return noContent()
      }),
  }),
]
