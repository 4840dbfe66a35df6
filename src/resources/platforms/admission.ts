// A platform is admitted whole or refused whole.

import type { Scope } from '../../access/index.ts'
import { type PlanStep, resolveParameters } from '../../blueprints/index.ts'
import { claimsOf, formPlatform, type PlatformWish, type Preview, previewPlatform, slotName } from '../../care/index.ts'
import { z } from '../../http/schema.ts'
import type { PlatformId, ProjectId, TaskId } from '../../kernel/ids.ts'
import { ProblemError } from '../../kernel/problem.ts'
import { quoteQuota } from '../../quota/index.ts'
import type { Db, Tx } from '../../store/index.ts'
import { findBlueprint } from '../blueprints/index.ts'
import { givingName } from '../name-taken.ts'
import { getProject } from '../projects/index.ts'
import { priceLists } from '../providers/index.ts'
import type { Rooms } from '../rooms.ts'
import { createTask, kindsOf, stepName, usualTime } from '../tasks/index.ts'
import { checkTerms, setTerms } from '../terms/index.ts'
import { totalOf } from './cost.ts'
import { previewOrRefuse } from './refusal.ts'
import type { PlatformCreate, PlatformPreview } from './schemas.ts'

export { explainRefusal } from './refusal.ts'

interface Wanted extends PlatformWish {
  readonly blueprintName: string
}

/** Throws not_found (project, blueprint), unknown_parameter and invalid_parameter. */
async function wishOf(rooms: Rooms, db: Db, scope: Scope, project: ProjectId, asked: PlatformCreate): Promise<Wanted> {
  const row = await getProject(db, scope, project)
  const found = await findBlueprint(db, scope, asked.blueprint)
  const blueprint = await rooms.blueprints(db, found.digest)
  return {
    tenantId: row.tenant_id,
    projectId: row.id,
    name: asked.name,
    blueprint: { blueprint, digest: found.digest },
    blueprintName: `${found.name}@${found.blueprint_version}`,
    parameters: resolveParameters(blueprint, asked.parameters),
    labels: asked.labels,
    deletionProtection: asked.deletionProtection,
    actor: scope.actor,
  }
}

/**
 * Writes the platform and its task in this transaction. Throws quota_exceeded, no_capacity, provider_unreachable,
 * provider_denied, name_taken, invalid_request (of its terms) and what wishOf throws, having changed nothing.
 */
export async function admitPlatform(
  rooms: Rooms,
  tx: Tx,
  scope: Scope,
  project: ProjectId,
  asked: PlatformCreate,
): Promise<{ readonly platform: PlatformId; readonly task: TaskId }> {
  const wish = await wishOf(rooms, tx, scope, project, asked)
  const preview = await previewOf(rooms, tx, wish)
  const platform = await givingName('platform', 'platforms', wish.name, () =>
    formPlatform(tx, rooms.forming, wish, preview),
  )
  const place = { id: platform, tenant_id: wish.tenantId, project_id: wish.projectId } as const
  const protection = { deletion_protection: asked.deletionProtection ? 1 : 0 } as const
  await setTerms(tx, rooms.seams, scope.actor, { ...place, ...protection }, asked)
  const task = await createTask(tx, scope, rooms.seams, {
    kind: 'platform.create',
    tenant: wish.tenantId,
    project: wish.projectId,
    platform,
    generation: 1,
  })
  return { platform, task }
}

/** What admitPlatform would do, without doing it; throws what it would throw. */
export async function quotePlatform(
  rooms: Rooms,
  scope: Scope,
  project: ProjectId,
  asked: PlatformCreate,
): Promise<PlatformPreview> {
  const db = rooms.store.read
  const wish = await wishOf(rooms, db, scope, project, asked)
  checkTerms(asked, rooms.seams.clock.now())
  await refuseTakenName(db, wish)
  const preview = await previewOf(rooms, db, wish)
  const claims = claimsOf('preview', preview.slots)
  const lines = await quoteQuota(db, { project: wish.projectId, platform: null, claims })
  const machines = preview.slots.flatMap((slot) => {
    const seat = preview.seating.assignments.get(slotName(slot))
    return seat ? [{ provider: seat.provider, flavor: slot.group.flavor }] : []
  })
  const total = totalOf(await priceLists(db), machines)
  return {
    plan: { steps: preview.plan.steps.map(planStepView), members: placedMembers(preview) },
    quote: {
      machines: preview.slots.length,
      quota: Object.fromEntries(
        lines.map(({ key, wanted, left, ticket, ticketName }) => [
          key,
          { wanted, left: left ?? ('unlimited' as const), ticket, ticketName },
        ]),
      ),
      costPerHour: total.cost,
      costReason: total.reason,
      seconds: await usualTime(rooms, db, {
        blueprint: wish.blueprint.blueprint.document.name,
        kind: 'platform.create',
        providerKinds: await kindsOf(
          db,
          [...preview.seating.assignments.values()].map(({ provider }) => provider),
        ),
      }),
    },
    blueprint: wish.blueprintName,
    parameters: z.record(z.string(), z.json()).parse(wish.parameters),
  }
}

/** What would be made and where. Throws quota_exceeded and no_capacity, ready for explainRefusal. */
function previewOf(rooms: Rooms, db: Db, wish: PlatformWish): Promise<Preview> {
  const { blueprint } = wish.blueprint
  return previewOrRefuse(db, { blueprint, parameters: wish.parameters }, (from, parameters) =>
    previewPlatform(from, rooms.forming, { ...wish, parameters }),
  )
}

async function refuseTakenName(db: Db, wish: PlatformWish): Promise<void> {
  const other = await db
    .selectFrom('platforms')
    .select('id')
    .where('project_id', '=', wish.projectId)
    .where('name', '=', wish.name)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  if (!other) return
  throw new ProblemError({
    code: 'name_taken',
    detail: `There is already a platform called ${wish.name}.`,
    facts: { name: wish.name, platform: other.id },
    next: 'Choose another name, or use the platform that is there.',
  })
}

/** A planned step as a preview shows it. */
export function planStepView(step: PlanStep): PlatformPreview['plan']['steps'][number] {
  return {
    key: step.key,
    name: stepName(step.key),
    kind: step.kind,
    want: step.want,
    mode: step.mode,
    member: step.member,
    script: step.kind === 'script' || step.kind === 'gate' ? step.input.path : null,
    needs: step.needs.map((need) => ({ quantifier: need.quantifier, steps: [...need.steps] })),
  }
}

function placedMembers({ slots, seating }: Preview): PlatformPreview['plan']['members'] {
  const names = new Map(seating.providers.map((provider) => [provider.id, provider.name]))
  return slots.flatMap((slot) => {
    const name = slotName(slot)
    const seat = seating.assignments.get(name)
    if (!seat) return []
    return {
      name,
      group: slot.group.name,
      flavor: slot.group.flavor,
      image: slot.group.image,
      provider: seat.provider,
      providerName: names.get(seat.provider) ?? seat.provider,
      zone: seat.zone,
      host: seat.host,
      why: seat.why,
    }
  })
}
