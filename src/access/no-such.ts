import { ProblemError } from '../kernel/problem.ts'

/** Where the ids of each kind of thing are shown. */
const shownBy = {
  tenant: 'GET /v1/tenants',
  project: 'GET /v1/projects',
  ticket: 'GET /v1/tenants/{tenant}/tickets',
  platform: 'GET /v1/platforms',
  output: 'GET /v1/platforms/{platform}',
  machine: 'GET /v1/machines',
  task: 'GET /v1/tasks',
  receipt: 'GET /v1/receipts',
  blueprint: 'GET /v1/blueprints',
  provider: 'GET /v1/providers',
  image: 'GET /v1/images',
} as const
export type Thing = keyof typeof shownBy

/** The not_found of a thing that is not there, or not for this caller: both read alike. */
export function noSuch(thing: Thing, id: string): ProblemError {
  return new ProblemError({
    code: 'not_found',
    detail: `There is no ${thing} ${id}.`,
    facts: { [thing]: id },
    next: `Check the id: ${shownBy[thing]} shows those there are.`,
  })
}
