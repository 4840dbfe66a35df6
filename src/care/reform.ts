// Writes a change that was decided: one transaction, after which the engine and later decisions bring everybody there.

import { makeDue, type PlatformView, retryBlocked } from '../engine/index.ts'
import { appendEvent, moveMachine, moveMember, movePlatform } from '../events/index.ts'
import { admit } from '../quota/index.ts'
import type { RevisionTable } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'
import type { ChangePreview } from './change.ts'
import { writeDecision } from './decision.ts'
import type { DecideDeps } from './deps.ts'
import { formMembers } from './form.ts'
import { writeRevision } from './revision.ts'
import { followNow } from './rollout.ts'
import { closeRollout } from './stop.ts'
import { formPlatformOf } from './successor.ts'

export interface ChangeAsked {
  readonly kind: RevisionTable['kind']
  readonly digest: string
  readonly renews: boolean
  readonly actor: string
}

/** Writes the platform's new wish and all that was decided with it; answers its generation. Throws `quota_exceeded`. */
export async function formChange(
  tx: Tx,
  deps: DecideDeps,
  view: PlatformView,
  preview: ChangePreview,
  asked: ChangeAsked,
): Promise<number> {
  const { seams } = deps
  const { actor } = asked
  const generation = preview.target.revision
  const spec = JSON.stringify({ parameters: preview.target.parameters })
  await admit(tx, seams, { project: view.projectId, platform: view.id, claims: preview.claims })
  await tx
    .updateTable('platforms')
    .set((eb) => ({ generation, spec, blueprint_digest: asked.digest, version: eb('version', '+', 1) }))
    .where('id', '=', view.id)
    .execute()
  await writeRevision(tx, {
    platform_id: view.id,
    number: generation,
    blueprint_digest: asked.digest,
    spec,
    kind: asked.kind,
    renews: asked.renews ? 1 : 0,
    actor,
    created_at: seams.clock.now(),
    settled_at: null,
  })
  await makeLeave(tx, deps, preview, actor)
  for (const { member, fate } of preview.changes) {
    // Who is under way takes the new wish as it is, drained or half made; who stays as it is follows it from now on.
    if (fate === 'stays' || member.state !== 'in') await followNow(tx, { generation }, member)
  }
  for (const member of preview.returning) {
    await followNow(tx, { generation }, member)
    await tx.updateTable('members').set({ warm_until: null }).where('id', '=', member.id).execute()
  }
  const platform = await formPlatformOf(tx, view)
  const slots = [...preview.added, ...preview.remade.map(({ slot }) => slot)]
  await formMembers(tx, deps, platform, slots, preview.seating, { actor, cause: asked.kind })
  await writeDecision(
    tx,
    seams,
    view,
    { kind: 'change', subject: String(generation), reason: asked.kind, data: told(preview) },
    actor,
  )
  await tellChange(tx, deps, view, generation, asked)
  await closeRollout(tx, deps, view, asked.kind)
  await retryBlocked(tx, seams, view.id, { actor, cause: asked.kind })
  await movePlatform(tx, seams, {
    platform: view.id,
    to: view.readyAt === null ? 'building' : 'changing',
    reason: null,
    actor,
    cause: `generation ${generation}`,
  })
  await makeDue(tx, view.id, seams.clock.now())
  return generation
}

async function makeLeave(
  tx: Tx,
  { seams }: DecideDeps,
  { removed, remade }: ChangePreview,
  actor: string,
): Promise<void> {
  for (const { member } of removed) {
    await moveMember(tx, seams, { member: member.id, to: 'leaving', actor, cause: 'scaleDown' })
  }
  for (const { member } of remade) {
    await moveMember(tx, seams, { member: member.id, to: 'leaving', actor, cause: 'replaced' })
    const to = member.machine.state === 'planned' ? 'deleting' : 'replacing'
    await moveMachine(tx, seams, { machine: member.machine.id, to, actor, cause: 'replaced' })
  }
}

function told({ added, removed, remade, returning, changes }: ChangePreview) {
  return {
    returning: returning.map(({ ref }) => ref),
    added: added.map(({ group, ordinal }) => `${group.name}-${ordinal}`),
    removed: removed.map(({ member }) => member.ref),
    remade: remade.map(({ member }) => member.ref),
    replaced: changes.filter(({ fate }) => fate === 'replace').map(({ member }) => member.ref),
    changed: changes.filter(({ fate }) => fate === 'inPlace').map(({ member }) => member.ref),
  }
}

async function tellChange(
  tx: Tx,
  { seams }: DecideDeps,
  view: PlatformView,
  generation: number,
  { actor, kind, digest }: ChangeAsked,
): Promise<void> {
  await appendEvent(tx, seams, {
    kind: 'platform.changed',
    subject: { kind: 'platform', id: view.id },
    tenant: view.tenantId,
    project: view.projectId,
    platform: view.id,
    actor,
    cause: kind,
    data: { generation, blueprint: digest },
  })
}
