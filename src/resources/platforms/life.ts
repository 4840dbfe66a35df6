// What one does with a platform that does not get on, or was stopped.

import { requireMatch } from '../../http/etag.ts'
import { id, z } from '../../http/schema.ts'
import { endpoint } from '../endpoint.ts'
import { Task } from '../tasks/index.ts'
import { change } from './change.ts'
import { goOn, tryAgain } from './going-on.ts'
import { getPlatform } from './store.ts'
import { providersOf } from './weather.ts'

const params = z.object({ platform: id('platform') })
const about = ({ platform }: z.output<typeof params>) => ({ kind: 'platform', id: platform }) as const
const followed = {
  202: {
    description: 'It goes on; the task follows it.',
    schema: Task,
    headers: ['Location', 'Preference-Applied'],
  },
} as const

export const platformLifeEndpoints = [
  endpoint({
    method: 'post',
    path: '/v1/platforms/{platform}/resume',
    operationId: 'resumePlatform',
    summary: 'Go on with a platform that is held or paused',
    description:
      'A new task follows it. What is done is not repeated; what was waiting or blocked is tried at once, and has its whole time again.',
    tag: 'platforms',
    permission: 'platform.operate',
    about,
    params,
    matches: true,
    waits: true,
    answers: followed,
    problems: ['wrong_state'],
    handle: (rooms, call) =>
      change(rooms, call, async (tx) => {
        const row = await getPlatform(tx, call.scope, call.params.platform)
        requireMatch(call.ifMatch, row.version)
        return { platform: row.id, task: await goOn(rooms, tx, call.scope, row) }
      }),
  }),
  endpoint({
    method: 'post',
    path: '/v1/platforms/{platform}/retry',
    operationId: 'retryPlatform',
    summary: 'Try at once what is blocked',
    description:
      'Otherwise it is tried every five minutes by itself. A task that is only blocked goes on; where the last one has ended, the answer is a new one. A held or paused platform is resumed.',
    tag: 'platforms',
    permission: 'platform.operate',
    about,
    params,
    matches: true,
    waits: true,
    answers: followed,
    problems: ['wrong_state'],
    async handle(rooms, call) {
      for (const { weather } of await providersOf(rooms, call.params.platform)) weather.hurry()
      return change(rooms, call, async (tx) => {
        const row = await getPlatform(tx, call.scope, call.params.platform)
        requireMatch(call.ifMatch, row.version)
        return { platform: row.id, task: await tryAgain(rooms, tx, call.scope, row) }
      })
    },
  }),
]
