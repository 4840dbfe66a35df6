// What a platform tells those who use it. Once it was ready it follows the members: whoever is on the way out, is being
// changed, or is to be stopped, is told no more before anything is done to it, so that its users can turn elsewhere.

import type { Plan, Value } from '../blueprints/index.ts'
import { appendEvent } from '../events/index.ts'
import type { Tx } from '../store/store.ts'
import { resolveValue } from './resolve.ts'
import { fencedWrite, type RunState } from './state.ts'
import type { PlatformView, StoredOutputs } from './view.ts'
import { engineActor } from './write.ts'

/** Brings the outputs in line with who serves now. Before the platform was ready for the first time there are none. */
export async function followOutputs(run: RunState): Promise<void> {
  const { view } = run
  if (view.want === 'absent' || view.readyAt === null || changedOutputs(run).length === 0) return
  await fencedWrite(run, (tx) => saveOutputs(tx, run))
}

/** Writes the outputs as they are now, with an event that names those that changed. */
export async function saveOutputs(tx: Tx, run: RunState): Promise<void> {
  const { view, deps } = run
  const changed = changedOutputs(run)
  if (changed.length === 0) return
  const outputs = outputsNow(view, run.plan)
  await tx
    .updateTable('platforms')
    .set((eb) => ({ outputs: JSON.stringify(outputs), version: eb('version', '+', 1) }))
    .where('id', '=', view.id)
    .execute()
  await appendEvent(tx, deps.seams, {
    kind: 'platform.outputs',
    subject: { kind: 'platform', id: view.id },
    tenant: view.tenantId,
    project: view.projectId,
    platform: view.id,
    actor: engineActor,
    data: { outputs: changed },
  })
  view.outputs = outputs
}

function changedOutputs({ view, plan }: RunState): string[] {
  const now = outputsNow(view, plan)
  const names = new Set([...Object.keys(now), ...Object.keys(view.outputs)])
  return [...names].filter((name) => JSON.stringify(now[name]) !== JSON.stringify(view.outputs[name])).sort()
}

/** An output whose value is not known for a moment keeps the one it had. */
function outputsNow(view: PlatformView, plan: Plan): StoredOutputs {
  const outputs: Record<string, StoredOutputs[string]> = {}
  for (const [name, { value }] of Object.entries(plan.outputs)) {
    const resolved = resolveValue(view, serving(view, value), 'known')
    const before = view.outputs[name]
    if (resolved) outputs[name] = resolved.secretRef === null ? resolved.text : { $secret: resolved.secretRef }
    else if (before !== undefined) outputs[name] = before
  }
  return outputs
}

function serving(view: PlatformView, value: Value): Value {
  if (value.from !== 'group') return value
  return { ...value, members: value.members.filter((ref) => serves(view, ref)) }
}

function serves(view: PlatformView, ref: string): boolean {
  const member = view.members.get(ref)
  if (member?.state !== 'in' || member.machine.missing) return false
  // Nobody is told while its machine is about to be stopped, is stopped, or has not come up again.
  const { hibernation } = view
  if (!hibernation?.members.includes(member.ref)) return true
  return hibernation.power === 'on' && member.machine.state === 'ready'
}
