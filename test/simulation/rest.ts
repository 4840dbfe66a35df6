// What must be so when a history has come to rest, and the question whether it has.

import type Database from 'better-sqlite3'
import { z } from 'zod'
import type { SimCloud } from './cloud.ts'
import type { Tenants } from './tenants.ts'
import { leastGraceSeconds } from './terms.ts'
import { Violation } from './violation.ts'
import { isDone } from './vm.ts'
import { standing } from './watch.ts'

const wishSchema = z.object({
  parameters: z.object({
    count: z.number().optional(),
    voters: z.number().optional(),
    workers: z.number().optional(),
    flavor: z.enum(['small', 'medium']),
  }),
})
const cpuOf = { small: 1, medium: 2 } as const

interface PlatformRow {
  readonly id: string
  readonly name: string
  readonly state: string
  readonly state_reason: string | null
}
interface MachineRow {
  readonly resource_key: string
  readonly platform_id: string
  readonly member: string
  readonly state: string
  readonly native_ref: string | null
  readonly group_name: string
  readonly member_state: string
}

export interface Rest {
  /** What keeps it from being at rest; empty when nothing does. */
  unrest(): string[]
  platforms(): readonly PlatformRow[]
  /** Codes of the problems of a platform that are open. */
  problems(platform: string): readonly string[]
  /** Exact whenever nothing is being written. Throws Violation. */
  checkBooks(): void
  /** Throws Violation. */
  checkWorld(tenants: Tenants): void
  /** Branches of the product that were reached, by what is written down. */
  branches(): readonly string[]
}

export function openRest(database: Database.Database, cloud: SimCloud, now: () => number): Rest {
  const platforms = database.prepare<[], PlatformRow>('select id, name, state, state_reason from platforms')
  const openTasks = database.prepare<[], { id: string; kind: string; state: string; reason: string | null }>(
    'select id, kind, state, reason from tasks where ended_at is null',
  )
  const machines = database.prepare<[], MachineRow>(
    `select resource_key, machines.platform_id, member, machines.state, native_ref, group_name, members.state as member_state
     from machines join members on members.id = member_id where machines.state != 'deleted'`,
  )
  const reopened = database.prepare<[], { resource_key: string }>(
    'select resource_key from receipt_objects where reopened_at is not null',
  )
  const problems = database.prepare<[string], { code: string }>(
    'select code from problems where platform_id = ? and resolved_at is null',
  )
  const task = database.prepare<[string], { state: string; reason: string | null; problem: string | null }>(
    'select state, reason, problem from tasks where id = ?',
  )
  const leasesOver = database.prepare<[number, number], { name: string }>(
    `select name from leases join platforms on id = platform_id
       where want = 'present' and expires_at <= ? and grace_ms < ?`,
  )
  const limits = database.prepare<[], { id: string; key: string; amount: number | null; used: number }>(
    `select ticket_id as id, key, amount, used from ticket_limits
     union all select project_id, key, amount, used from shares`,
  )
  const reservations = database.prepare<[], { project_id: string; ticket_id: string; amounts: string }>(
    'select project_id, ticket_id, amounts from reservations',
  )
  const hosts = database.prepare<[], { name: string; reserved_cpu: number }>('select name, reserved_cpu from hosts')
  const held = database.prepare<[string], { cpu: number | null }>(
    'select sum(cpu) as cpu from machines where capacity_held = 1 and host = ?',
  )
  const founded = database.prepare<[], { platform_id: string }>(
    `select distinct platform_id from records where key glob 'script/found*' and status = 'done'`,
  )

  const ignoresDrift = database.prepare<[string], { id: string }>(
    `select problems.id from problems join machines on machines.platform_id = problems.platform_id
     where resource_key = ? and code = 'step_drifted' and resolution = 'ignore' and subject like '%' || member || '%'`,
  )
  const branches = database.prepare<[], { what: string }>(
    `select distinct case outcome when 'lost' then 'branch:attemptLost' else 'branch:attemptAbandoned' end as what
       from attempts where outcome in ('lost', 'abandoned')
     union select case state when 'done' then 'branch:operationDone' else 'branch:operationFailed' end
       from tasks where operation is not null and state in ('done', 'failed')
     union select 'branch:leaseSlept' from leases where hibernated = 1
     union select 'branch:upgraded' from revisions as one join revisions as other on one.platform_id = other.platform_id
       where one.number = other.number + 1 and one.blueprint_digest != other.blueprint_digest and one.settled_at is not null
     union select 'branch:founderReplaced' from decisions where kind = 'founder' and reason != 'the first of its group'`,
  )

  const wishes = database.prepare<
    [],
    { id: string; name: string; spec: string; generation: number; settled_at: number | null }
  >(
    `select id, name, platforms.spec, generation, settled_at from platforms
     left join revisions on platform_id = id and number = generation where state = 'ready'`,
  )
  const followers = database.prepare<[string], { group_name: string; ordinal: number; revision: number; cpu: number }>(
    `select group_name, ordinal, revision, cpu from members join machines on machines.id = machine_id
     where members.platform_id = ? and members.state = 'in'`,
  )

  function checkWishes(): void {
    for (const { id, name, spec, generation } of wishes.all()) {
      const { parameters } = wishSchema.parse(JSON.parse(spec))
      const rows = followers.all(id)
      const wanted = { node: parameters.count, voter: parameters.voters, worker: parameters.workers }
      for (const [group, count = 0] of Object.entries(wanted)) {
        const there = rows.filter((row) => row.group_name === group)
        if (there.length !== count)
          throw new Violation('as-asked', `${name} has ${there.length} of ${group}, and ${count} are wanted`)
        const other = there.find((row) => row.revision !== generation || row.cpu !== cpuOf[parameters.flavor])
        if (other)
          throw new Violation(
            'as-asked',
            `${group}-${other.ordinal} of ${name} follows generation ${other.revision} of ${generation} with ${other.cpu} CPU, ${parameters.flavor} is wanted`,
          )
      }
    }
  }

  function unrest(): string[] {
    const remembered = new Set(machines.all().map((row) => row.resource_key))
    return [
      ...platforms
        .all()
        .filter(({ state }) => state !== 'ready' && state !== 'deleted')
        .map(({ name, state, state_reason }) => `platform ${name} is ${state}: ${state_reason}`),
      ...wishes
        .all()
        .filter(({ settled_at }) => settled_at === null)
        .map(({ name, generation }) => `the change of ${name} to generation ${generation} is not through`),
      ...openTasks.all().map(({ kind, state, reason }) => `task ${kind} is ${state}: ${reason}`),
      ...machines
        .all()
        .filter(({ state, member_state }) => state !== 'ready' || member_state !== 'in')
        .map(({ member, state, member_state }) => `${member} is ${state}, ${member_state}`),
      ...leasesOver.all(now(), leastGraceSeconds * 1000).map(({ name }) => `the lease of ${name} is over`),
      ...reopened.all().map(({ resource_key }) => `the receipt of ${resource_key} is open again`),
      ...standing(cloud, now())
        .filter((vm) => !remembered.has(vm.key))
        .map((vm) => `${vm.ref} of ${vm.key} is at the provider and nobody wants it`),
      ...doubles().map((key) => `${key} has two machines`),
      ...machines
        .all()
        .filter(({ resource_key }) => !standing(cloud, now()).some((vm) => vm.key === resource_key))
        .map(({ member }) => `the machine of ${member} is not there`),
      ...standing(cloud, now())
        .filter((vm) => vm.undone && !ignoresDrift.get(vm.key))
        .map((vm) => `what ${vm.ref} of ${vm.key} was made to be is undone`),
      ...standing(cloud, now())
        .filter((vm) => !cloud.answers(vm))
        .map((vm) => `${vm.ref} of ${vm.key} does not answer`),
    ]
  }

  function doubles(): string[] {
    const keys = standing(cloud, now()).map((vm) => vm.key as string)
    return keys.filter((key, at) => keys.indexOf(key) !== at)
  }

  function checkBooks(): void {
    const sums = new Map<string, number>()
    for (const { project_id, ticket_id, amounts } of reservations.all()) {
      const parsed: unknown = JSON.parse(amounts)
      if (typeof parsed !== 'object' || parsed === null) throw new Error('amounts are an object')
      for (const [key, amount] of Object.entries(parsed))
        for (const id of [project_id, ticket_id])
          sums.set(`${id} ${key}`, (sums.get(`${id} ${key}`) ?? 0) + Number(amount))
    }
    for (const { id, key, amount, used } of limits.all()) {
      const holds = sums.get(`${id} ${key}`) ?? 0
      if (used !== holds) throw new Violation('quota-exact', `${id} counts ${used} of ${key} and ${holds} are held`)
      if (amount !== null && used > amount) throw new Violation('quota-exact', `${id} uses ${used} of ${amount} ${key}`)
    }
    for (const { name, reserved_cpu } of hosts.all()) {
      const cpu = held.get(name)?.cpu ?? 0
      if (cpu !== reserved_cpu)
        throw new Violation('capacity-exact', `${name} counts ${reserved_cpu} CPU and ${cpu} are held`)
    }
  }

  function checkWorld(tenants: Tenants): void {
    checkWishes()
    const rows = machines.all()
    const there = standing(cloud, now())
    for (const vm of there)
      if (!rows.some((row) => row.resource_key === vm.key))
        throw new Violation('no-leak', `${vm.ref} of ${vm.key} is left at the provider`)
    const slots = rows.map(({ platform_id, member }) => `${platform_id}/${member.split('@')[0]}`)
    const twice = slots.find((slot, at) => slots.indexOf(slot) !== at)
    if (twice !== undefined) throw new Violation('no-double', `${twice} has two machines`)
    if (doubles().length > 0) throw new Violation('no-double', `${doubles().join()} has two machines`)
    for (const row of rows.filter(({ group_name }) => group_name === 'voter')) {
      const mine = there.find((vm) => vm.key === row.resource_key)
      const other = rows.find(
        (one) =>
          one !== row &&
          one.platform_id === row.platform_id &&
          one.group_name === row.group_name &&
          there.find((vm) => vm.key === one.resource_key)?.host === mine?.host,
      )
      if (other) throw new Violation('spread-kept', `${row.member} and ${other.member} share ${mine?.host}`)
    }
    const undone = there.find((vm) => vm.undone && !ignoresDrift.get(vm.key))
    if (undone) throw new Violation('as-asked', `what ${undone.ref} of ${undone.key} was made to be is undone`)
    const count = rows.length
    const used = limits
      .all()
      .filter(({ key }) => key === 'vm.count')
      .reduce((sum, row) => sum + row.used, 0)
    // Once in the ticket and once in the share.
    if (used !== 2 * count)
      throw new Violation('quota-exact', `${used / 2} machines are counted and ${count} are there`)
    for (const { what, task: id } of tenants.acknowledged) {
      const row = task.get(id)
      if (!row) throw new Violation('nothing-lost', `the ${what} that was acknowledged as ${id} is not remembered`)
      const ended = ['done', 'cancelled', 'superseded'].includes(row.state)
      if (!ended && row.reason === null && row.problem === null)
        throw new Violation(
          'nothing-lost',
          `the ${what} that was acknowledged as ${id} is ${row.state}, and nobody says why`,
        )
    }
    for (const { id } of tenants.platforms.values())
      if (!platforms.all().some((row) => row.id === id)) throw new Violation('nothing-lost', `${id} is not remembered`)
    for (const { platform_id } of founded.all()) {
      const founders = there.filter(
        (vm) =>
          vm.key.includes(platform_id) &&
          [...vm.folders.values()].some(({ stepKey, status }) => /\/found(#\d+)?$/.test(stepKey) && isDone(status)),
      )
      if (founders.length > 1)
        throw new Violation('founded-once', `${founders.map(({ ref }) => ref).join()} each founded ${platform_id}`)
    }
  }

  return {
    unrest,
    platforms: () => platforms.all(),
    problems: (platform) => problems.all(platform).map(({ code }) => code),
    checkBooks,
    checkWorld,
    branches: () => branches.all().map(({ what }) => what),
  }
}
