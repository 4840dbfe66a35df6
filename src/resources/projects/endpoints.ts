import { etag, requireMatch } from '../../http/etag.ts'
import { created, noContent, ok } from '../../http/reply.ts'
import { id, z } from '../../http/schema.ts'
import { endpoint, installation } from '../endpoint.ts'
import { refuseInUse } from '../in-use.ts'
import { listQuery, pageOfRows } from '../listing.ts'
import { checkKeys } from '../tickets/index.ts'
import { Project, ProjectCreate, ProjectList, ProjectPatch, ShareSet } from './schemas.ts'
import {
  changeProject,
  changeShare,
  createProject,
  deleteProject,
  getProject,
  listProjects,
  platformsIn,
} from './store.ts'
import { projectView } from './view.ts'

const params = z.object({ project: id('project') })
const about = ({ project }: z.output<typeof params>) => ({ kind: 'project', id: project }) as const
const inTenant = z.object({ tenant: id('tenant') })
const shareParams = z.object({ project: id('project'), ticket: id('ticket') })

export const projectEndpoints = [
  endpoint({
    method: 'post',
    path: '/v1/tenants/{tenant}/projects',
    operationId: 'createProject',
    summary: 'Create a project',
    tag: 'projects',
    permission: 'project.write',
    about: ({ tenant }) => ({ kind: 'tenant', id: tenant }),
    params: inTenant,
    body: ProjectCreate,
    answers: { 201: { description: 'The project.', schema: Project, headers: ['Location', 'ETag'] } },
    problems: ['name_taken', 'quota_exceeded', 'invalid_parameter'],
    async handle(rooms, call) {
      for (const share of call.body.shares) checkKeys(rooms.config, share.limits)
      return call.commit(async (tx) => {
        const row = await createProject(tx, call.scope, rooms.seams, call.params.tenant, call.body)
        return created(`/v1/projects/${row.id}`, await projectView(tx, row), { etag: etag(row.version) })
      })
    },
  }),
  endpoint({
    method: 'get',
    path: '/v1/projects',
    operationId: 'listProjects',
    summary: 'List projects',
    tag: 'projects',
    permission: 'project.read',
    about: installation,
    query: z.strictObject({ ...listQuery, tenant: id('tenant').optional() }),
    answers: { 200: { description: 'A page of projects.', schema: ProjectList } },
    problems: [],
    async handle({ store }, { scope, query }) {
      const rows = await listProjects(store.read, scope, query)
      const { items, next } = pageOfRows(rows, query, (row) => row)
      return ok({ items: await Promise.all(items.map((row) => projectView(store.read, row))), next })
    },
  }),
  endpoint({
    method: 'get',
    path: '/v1/projects/{project}',
    operationId: 'getProject',
    summary: 'Show a project with what is used of its shares',
    tag: 'projects',
    permission: 'project.read',
    about,
    params,
    answers: { 200: { description: 'The project.', schema: Project, headers: ['ETag'] } },
    problems: [],
    async handle({ store }, { scope, params: { project } }) {
      const row = await getProject(store.read, scope, project)
      return ok(await projectView(store.read, row), { etag: etag(row.version) })
    },
  }),
  endpoint({
    method: 'patch',
    path: '/v1/projects/{project}',
    operationId: 'updateProject',
    summary: 'Rename or label a project',
    tag: 'projects',
    permission: 'project.write',
    about,
    params,
    body: ProjectPatch,
    matches: true,
    answers: { 200: { description: 'The project.', schema: Project, headers: ['ETag'] } },
    problems: ['name_taken'],
    handle: (rooms, call) =>
      call.commit(async (tx) => {
        const row = await getProject(tx, call.scope, call.params.project)
        requireMatch(call.ifMatch, row.version)
        const next = await changeProject(tx, call.scope, rooms.seams, row, call.body)
        return ok(await projectView(tx, next), { etag: etag(next.version) })
      }),
  }),
  endpoint({
    method: 'put',
    path: '/v1/projects/{project}/shares/{ticket}',
    operationId: 'setShare',
    summary: "Set a project's share of a ticket",
    description:
      'The share is exactly what is given: keys that are not named are taken away, as far as nothing uses them.',
    tag: 'projects',
    permission: 'share.write',
    about: ({ project }) => ({ kind: 'project', id: project }),
    params: shareParams,
    body: ShareSet,
    answers: { 200: { description: 'The project.', schema: Project, headers: ['ETag'] } },
    problems: ['quota_exceeded', 'conflict', 'in_use', 'invalid_parameter'],
    async handle(rooms, call) {
      checkKeys(rooms.config, call.body.limits)
      return call.commit(async (tx) => {
        const row = await getProject(tx, call.scope, call.params.project)
        await changeShare(tx, call.scope, rooms.seams, row, call.params.ticket, call.body.limits)
        return ok(await projectView(tx, row), { etag: etag(row.version) })
      })
    },
  }),
  endpoint({
    method: 'delete',
    path: '/v1/projects/{project}/shares/{ticket}',
    operationId: 'deleteShare',
    summary: "Take a project's share of a ticket away",
    description: 'Refused while the project uses any of it.',
    tag: 'projects',
    permission: 'share.write',
    about: ({ project }) => ({ kind: 'project', id: project }),
    params: shareParams,
    answers: { 204: { description: 'Taken away.' } },
    problems: ['in_use'],
    handle: (rooms, call) =>
      call.commit(async (tx) => {
        const row = await getProject(tx, call.scope, call.params.project)
        await changeShare(tx, call.scope, rooms.seams, row, call.params.ticket, {})
        return noContent()
      }),
  }),
  endpoint({
    method: 'delete',
    path: '/v1/projects/{project}',
    operationId: 'deleteProject',
    summary: 'Delete a project',
    description: 'Refused while platforms are inside, naming them. Its shares go with it.',
    tag: 'projects',
    permission: 'project.write',
    about,
    params,
    matches: true,
    answers: { 204: { description: 'Deleted.' } },
    problems: ['in_use'],
    handle: (rooms, call) =>
      call.commit(async (tx) => {
        const row = await getProject(tx, call.scope, call.params.project)
        requireMatch(call.ifMatch, row.version)
        refuseInUse('project', row.name, await platformsIn(tx, row.id), 'Delete these platforms first.')
        await deleteProject(tx, call.scope, rooms.seams, row)
        return noContent()
      }),
  }),
]
