import { Instant, id, Labels, Name, pageOf, z } from '../../http/schema.ts'
import { Limits, Usage } from '../tickets/index.ts'

export const ShareCreate = z.strictObject({ ticket: id('ticket'), limits: Limits }).openapi('ShareCreate')

export const ProjectCreate = z
  .strictObject({
    name: Name,
    labels: Labels.default({}),
    shares: z
      .array(ShareCreate)
      .max(16)
      .refine((shares) => new Set(shares.map((share) => share.ticket)).size === shares.length, 'names a ticket twice')
      .default([])
      .openapi({ description: 'What the project may draw from the tickets of its tenant.' }),
  })
  .openapi('ProjectCreate')

export const ProjectPatch = z.strictObject({ name: Name.optional(), labels: Labels.optional() }).openapi('ProjectPatch')

export const ShareSet = z.strictObject({ limits: Limits }).openapi('ShareSet')

export const Share = z
  .object({ ticket: id('ticket'), ticketName: Name, limits: z.record(z.string(), Usage) })
  .openapi('Share')
export type Share = z.infer<typeof Share>

export const Project = z
  .object({
    id: id('project'),
    name: Name,
    tenant: id('tenant'),
    labels: Labels,
    shares: z.array(Share),
    createdAt: Instant,
  })
  .openapi('Project')
export type Project = z.infer<typeof Project>

export const ProjectList = pageOf('ProjectList', Project)
