import { bytes, ok } from '../../http/reply.ts'
import { instant } from '../../http/schema.ts'
import { ProblemError } from '../../kernel/problem.ts'
import { endpoint, installation } from '../endpoint.ts'
import { acceptRestore } from './accept.ts'
import { takeBackup } from './backup.ts'
import { restoreReport } from './report.ts'
import { RestoreAcceptance, RestoreAccepted, RestoreReport } from './schemas.ts'

export const backupEndpoints = [
  endpoint({
    method: 'get',
    path: '/v1/backup',
    operationId: 'takeBackup',
    summary: 'Take a backup of the installation',
    description:
      'The whole database as it is at this moment, in one file, while everything goes on. Secrets in it are encrypted; the master key is not in it and must be kept elsewhere. `gantry restore` reads it.',
    tag: 'installation',
    permission: 'backup.take',
    about: installation,
    answers: { 200: { description: 'The file.', contentType: 'application/vnd.gantry.backup' } },
    problems: ['unavailable'],
    handle: (rooms, { scope }) => bytes('application/vnd.gantry.backup', takeBackup(rooms, scope.actor)),
  }),
  endpoint({
    method: 'get',
    path: '/v1/restore/report',
    operationId: 'getRestoreReport',
    summary: 'What differs between the records and the providers after a restore',
    description:
      'Looks at every provider each time it is asked for. Until it is accepted Gantry changes nothing anywhere.',
    tag: 'installation',
    permission: 'restore.read',
    about: installation,
    answers: { 200: { description: 'The differences, and what becomes of them.', schema: RestoreReport } },
    problems: ['wrong_state'],
    handle: async (rooms, { signal }) => ok(await restoreReport(rooms, signal)),
  }),
  endpoint({
    method: 'post',
    path: '/v1/restore/accept',
    operationId: 'acceptRestore',
    summary: 'Accept the report of a restore',
    description:
      'Ends report-only mode: what is missing is made anew, what is unknown is removed after its grace, and new machines have keys of a new epoch.',
    tag: 'installation',
    permission: 'restore.accept',
    about: installation,
    body: RestoreAcceptance,
    answers: { 200: { description: 'Gantry works again.', schema: RestoreAccepted } },
    problems: ['wrong_state', 'conflict'],
    async handle(rooms, { scope, body, commit, signal }) {
      const { report } = await restoreReport(rooms, signal)
      if (report !== body.report) {
        throw new ProblemError({
          code: 'conflict',
          detail:
            'The differences are not those that were read: something has changed since, or another report is named.',
          next: 'Read GET /v1/restore/report again and accept what it says.',
        })
      }
      const due: Parameters<typeof rooms.wake>[0][] = []
      const reply = await commit(async (tx) => {
        const accepted = await acceptRestore(tx, rooms.seams, { actor: scope.actor, report })
        due.push(...accepted.due)
        return ok({ reportOnly: false, restoreEpoch: accepted.epoch, acceptedAt: instant(accepted.at) })
      })
      for (const platform of due) rooms.wake(platform)
      return reply
    },
  }),
]
