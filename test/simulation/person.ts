// What only a person decides: what becomes of a named problem, and that a platform is let go of whose end nobody can
// prove.

import { z } from 'zod'
import type { Clock } from '../../src/kernel/seams.ts'
import type { Counters } from './counters.ts'
import type { Owned, Tenants } from './tenants.ts'

export interface Person {
  /** Waits a while for a problem, and chooses one of those that are open, and one of the ways out that it names; `pick` is any number. */
  resolve(tenant: number, name: string, pick: number): Promise<void>
  forget(tenant: number, name: string): Promise<void>
  /** A lost quorum: its machines are started again once, if that is to be tried; then what it knew is given up. */
  save(owned: Owned, restores: boolean): Promise<void>
  /** Has the machines made anew whose illness was ignored. */
  takeBack(owned: Owned): Promise<void>
}

const problemsSchema = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      code: z.string(),
      resolutions: z.array(z.string()),
      resolution: z.string().nullable(),
    }),
  ),
})
type Named = z.infer<typeof problemsSchema>['items'][number]
const forgottenSchema = z.object({ left: z.array(z.unknown()) })

const lookEveryMs = 5_000
const looks = 12

export function openPerson(tenants: Tenants, counters: Counters, clock: Clock): Person {
  const restored = new Set<string>()
  const pathOf = ({ id }: Owned) => `/v1/platforms/${id}`

  async function problems(owned: Owned, all: boolean): Promise<readonly Named[]> {
    const { status, body } = await tenants.send('GET', `${pathOf(owned)}/problems?all=${all}`)
    return status === 200 ? problemsSchema.parse(body).items : []
  }

  async function choose(owned: Owned, problem: Named, resolution: string): Promise<void> {
    const { tenant, name } = owned
    if (resolution === 'rollback' || resolution === 'delete') return tenants.change(tenant, name, resolution)
    if (resolution === 'renew') return void (await tenants.send('PUT', `${pathOf(owned)}/lease`, { expiresAt: null }))
    const { status } = await tenants.send('POST', `${pathOf(owned)}/problems/${problem.id}/resolve`, { resolution })
    if (status !== 200) return
    if (resolution === 'ignore') counters.hit('op:ignore')
    if (resolution === 'recreate') counters.hit('op:recreate')
    if (resolution === 'retry') counters.hit('op:try')
    if (resolution === 'refound') counters.hit('op:refound')
    if (resolution === 'reboot') counters.hit('op:reboot')
    if (resolution === 'restore') counters.hit('op:restore')
  }

  async function resolve(owned: Owned, pick: number): Promise<void> {
    for (let look = 0; look < looks; look++) {
      const open = await problems(owned, false)
      const problem = open[pick % Math.max(1, open.length)]
      const ways = problem?.resolutions ?? []
      const way = ways[Math.floor(pick / 7) % Math.max(1, ways.length)]
      if (problem && way !== undefined) return choose(owned, problem, way)
      await clock.sleep(lookEveryMs)
    }
  }

  async function forget(owned: Owned): Promise<void> {
    const { status, body } = await tenants.send('POST', `${pathOf(owned)}/forget`, {
      reason: 'its provider is no more',
    })
    if (status !== 200) return
    counters.hit('op:forget')
    if (forgottenSchema.parse(body).left.length > 0) counters.hit('branch:leftBehind')
  }

  async function save(owned: Owned, restores: boolean): Promise<void> {
    for (const problem of await problems(owned, false)) {
      if (problem.code !== 'quorum_lost') continue
      const may = restores && !restored.has(problem.id) && problem.resolutions.includes('restore')
      if (may) restored.add(problem.id)
      if (may || problem.resolutions.includes('refound')) await choose(owned, problem, may ? 'restore' : 'refound')
    }
  }

  async function takeBack(owned: Owned): Promise<void> {
    for (const problem of await problems(owned, true))
      if (problem.resolution === 'ignore' && problem.resolutions.includes('recreate'))
        await choose(owned, problem, 'recreate')
  }

  async function of(tenant: number, name: string, work: (owned: Owned) => Promise<void>): Promise<void> {
    const owned = tenants.find(tenant, name)
    if (owned) await tenants.tracked(work(owned))
  }

  return {
    resolve: (tenant, name, pick) => of(tenant, name, (owned) => resolve(owned, pick)),
    forget: (tenant, name) => of(tenant, name, forget),
    save: (owned, restores) => tenants.tracked(save(owned, restores)),
    takeBack: (owned) => tenants.tracked(takeBack(owned)),
  }
}
