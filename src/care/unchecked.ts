// A check may be taken out of a blueprint while what it found lasts. Nobody would ever take that back, so it ends as soon as
// it is seen that nobody asks any more. Steps have their own end for that (step-drift.ts).

import { machineChecks, platformCheckEveryMs } from '../blueprints/index.ts'
import { statement } from '../store/statement.ts'
import type { CheckDeps } from './check-kind.ts'
import { noteWell } from './illness.ts'
import { noteHealthy } from './platform-verdict.ts'
import { checkedNoMore } from './problems.ts'

/** Ends what checks found of machines and platforms whose blueprint, the one that is followed now, lacks these checks. */
export async function endUnchecked(deps: CheckDeps): Promise<void> {
  await endOfMachines(deps)
  await endOfPlatforms(deps)
}

async function endOfMachines({ store, seams, blueprints, wake }: CheckDeps): Promise<void> {
  for (const machine of await selectIll.all(store.read, {})) {
    if (machineChecks(await blueprints(store.read, machine.digest)).has(machine.group_name)) continue
    if (await store.write((tx) => noteWell(tx, seams, machine, checkedNoMore))) wake(machine.platformId)
  }
}

async function endOfPlatforms({ store, seams, blueprints, wake }: CheckDeps): Promise<void> {
  for (const { problem, digest, ...place } of await selectUnhealthy.all(store.read, {})) {
    if (platformCheckEveryMs(await blueprints(store.read, digest)) !== null) continue
    const isOver = await store.write(async (tx) => {
      const { blueprint_digest: now } = await tx
        .selectFrom('platforms')
        .select('blueprint_digest')
        .where('id', '=', place.id)
        .executeTakeFirstOrThrow()
      return now === digest && (await noteHealthy(tx, seams, place, problem, checkedNoMore))
    })
    if (isOver) wake(place.id)
  }
}

/** There, and not well by what a check found. */
const selectIll = statement((db) =>
  db
    .selectFrom('machines')
    .innerJoin('members', 'members.machine_id', 'machines.id')
    .innerJoin('platforms', 'platforms.id', 'machines.platform_id')
    .select(['machines.id', 'machines.platform_id as platformId', 'machines.tenant_id as tenantId'])
    .select(['machines.project_id as projectId', 'machines.member', 'machines.state_since as stateSince'])
    .select(['group_name', 'blueprint_digest as digest'])
    .where('platforms.want', '=', 'present')
    .where('members.state', '=', 'in')
    .where('machines.state', '=', 'unhealthy')
    .where('missing_since', 'is', null),
)

const selectUnhealthy = statement((db) =>
  db
    .selectFrom('problems')
    .innerJoin('platforms', 'platforms.id', 'problems.platform_id')
    .select(['problems.id as problem', 'platforms.id', 'platforms.tenant_id as tenantId'])
    .select(['platforms.project_id as projectId', 'blueprint_digest as digest'])
    .where('code', '=', 'platform_unhealthy')
    .where((where) => where.or([where('resolved_at', 'is', null), where('resolution', '=', 'ignore')])),
)
