// What is wrong with a provider, its hosts and its zones, for those who look after them: each once, whatever the number of
// platforms that suffer from it, and who they are.

import type { Scope } from '../../access/index.ts'
import { instant } from '../../http/schema.ts'
import type { Db, ProviderTable } from '../../store/index.ts'
import type { ProviderProblem } from './schemas.ts'

const stateCode = { unreachable: 'provider_unreachable', denied: 'provider_denied' } as const

/** Oldest first. */
export async function providerProblems(db: Db, scope: Scope, row: ProviderTable): Promise<ProviderProblem[]> {
  const own = row.state === 'unreachable' || row.state === 'denied' ? [ofItself(row, row.state)] : []
  return [...own, ...(await ofPlaces(db, scope, row))].sort((a, b) => a.since.localeCompare(b.since))
}

function ofItself(row: ProviderTable, state: keyof typeof stateCode): ProviderProblem {
  return {
    code: stateCode[state],
    place: null,
    detail: row.state_reason ?? `${row.name} is ${state}.`,
    since: instant(row.state_since),
    machines: 0,
    platforms: [],
    next:
      state === 'denied'
        ? `Give it working credentials:  gantry provider set ${row.name}`
        : `It is looked at again by itself; how it answers:  gantry provider weather ${row.name}`,
  }
}

/** Dead hosts and zones, with the machines that went down with them and are members still. */
async function ofPlaces(db: Db, _scope: Scope, provider: ProviderTable): Promise<ProviderProblem[]> {
  const rows = await db
    .selectFrom('problems')
    .innerJoin('problem_machines', 'problem_machines.problem_id', 'problems.id')
    .innerJoin('machines', 'machines.id', 'problem_machines.machine_id')
    .innerJoin('members', 'members.id', 'machines.member_id')
    .innerJoin('platforms', 'platforms.id', 'problems.platform_id')
    .select(['problems.code', 'place', 'since', 'platforms.id as platform', 'platforms.name'])
    .select(['problem_machines.machine_id', 'problem_machines.member'])
    .where('problems.provider_id', '=', provider.id)
    .where('resolved_at', 'is', null)
    .where('members.state', 'in', ['joining', 'in', 'changing'])
    .orderBy('platforms.name')
    .orderBy('problem_machines.member')
    .execute()
  const places = Map.groupBy(rows, ({ code, place }) => `${code} ${place}`)
  return [...places.values()].map((here): ProviderProblem => {
    const code = here[0]?.code === 'zone_dead' ? 'zone_dead' : 'host_dead'
    const place = here[0]?.place ?? ''
    const platforms = [...Map.groupBy(here, ({ platform }) => platform)].map(([platform, its]) => ({
      platform,
      name: its[0]?.name ?? '',
      machines: its.map(({ machine_id, member }) => ({ machine: machine_id, member })),
    }))
    return {
      code,
      place,
      detail: `${code === 'zone_dead' ? 'Zone' : 'Host'} ${place} is dead, and ${here.length} of our machines with it, of ${platforms.length} platforms.`,
      since: instant(Math.min(...here.map(({ since }) => since))),
      machines: here.length,
      platforms,
      next: 'Its machines are made anew elsewhere where the rules allow it. Mend it, and it takes machines again by itself.',
    }
  })
}
