import type { PlatformView } from '../engine/index.ts'
import { appendEvent } from '../events/index.ts'
import type { Json } from '../kernel/canonical.ts'
import { newId } from '../kernel/ids.ts'
import type { Seams } from '../kernel/seams.ts'
import type { Tx } from '../store/store.ts'

/** Who decides when nobody asked. */
export const careActor = 'gantry'

export interface Decision {
  readonly kind: 'founder' | 'replace' | 'retry' | 'change' | 'wave' | 'swap' | 'refound' | 'restart'
  /** The group or member it is about. */
  readonly subject: string
  readonly reason: string
  readonly data: { readonly [name: string]: Json }
}

/** Writes a choice with its reason and event; Gantry's own unless a person took it. */
export async function writeDecision(
  tx: Tx,
  seams: Seams,
  view: Pick<PlatformView, 'id' | 'tenantId' | 'projectId'>,
  decision: Decision,
  actor: string = careActor,
): Promise<void> {
  await tx
    .insertInto('decisions')
    .values({
      id: newId('decision', seams),
      platform_id: view.id,
      at: seams.clock.now(),
      kind: decision.kind,
      subject: decision.subject,
      reason: decision.reason,
      data: JSON.stringify(decision.data),
    })
    .execute()
  await appendEvent(tx, seams, {
    kind: 'decision.taken',
    subject: { kind: 'platform', id: view.id },
    tenant: view.tenantId,
    project: view.projectId,
    platform: view.id,
    actor,
    cause: decision.reason,
    data: { decision: decision.kind, about: decision.subject, ...decision.data },
  })
}
