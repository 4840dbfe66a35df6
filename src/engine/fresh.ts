// A fresh step runs for one use: just before a due step that names it, on whoever is fit, and what it
// minted lives until that use is over. It has no place in the schedule and no record of its own but
// `<fresh key>/for/<user's key>`, which is what lets a crash in between redact the user's log.

import type { PlanStep } from '../blueprints/plan-types.ts'
import { fencedWrite, type RunState } from './state.ts'
import type { StepContext, StepOutcome } from './step-kind.ts'
import { freshRecord, type Outputs } from './view.ts'
import { forgetRecords, saveRecord, storeOutputs, writeEnd } from './write.ts'

export type Minted = { readonly kind: 'done'; readonly outputs?: Outputs } | Exclude<StepOutcome, { kind: 'done' }>

/** Outputs of `freshKey` minted for `user`: the remembered ones of this use, else by running it now, by `contextOf`. */
export async function freshOutputs(
  run: RunState,
  user: PlanStep,
  freshKey: string,
  contextOf: (step: PlanStep) => StepContext,
): Promise<Minted> {
  const planned = run.plan.steps.find((step) => step.key === freshKey)
  if (!planned) throw new Error(`the plan has no ${freshKey}`)
  const step = { ...planned, key: `${freshKey}/for/${user.key}` }
  const remembered = run.view.records.get(step.key)
  if (remembered?.status === 'done') return { kind: 'done', outputs: remembered.outputs }
  const kind = run.deps.kinds.get(step.kind)
  if (!kind) throw new Error(`no step kind ${step.kind}`)

  const outcome = await kind.ensure(contextOf(step))
  if (outcome.kind !== 'done') {
    if (run.ends.has(step.key)) await fencedWrite(run, (tx) => writeEnd(tx, run, step.key))
    return outcome
  }
  const owner = run.view.tenantId
  const record = await fencedWrite(run, async (tx) => {
    const outputs = await storeOutputs(outcome.outputs ?? {}, (name, value) =>
      run.deps.vault.put(tx, { owner, purpose: `${run.view.id} ${freshKey} ${name}`, value }),
    )
    const done = { ...freshRecord(step), status: 'done' as const, outputs }
    await saveRecord(tx, run.view, done)
    await writeEnd(tx, run, step.key)
    return done
  })
  return { kind: 'done', outputs: record.outputs }
}

/** Ends the life of what was minted for `user`. */
export async function forgetFresh(run: RunState, user: PlanStep): Promise<void> {
  const suffix = `/for/${user.key}`
  const over = [...run.view.records.values()].filter((record) => record.mode === 'fresh' && record.key.endsWith(suffix))
  if (over.length === 0) return
  await forgetUnmentioned(
    run,
    over.map((record) => record.key),
  )
}

/** Forgets records, and with those of fresh steps what was minted. */
export async function forgetUnmentioned(run: RunState, keys: readonly string[]): Promise<void> {
  await fencedWrite(run, async (tx) => {
    for (const key of keys) {
      const record = run.view.records.get(key)
      for (const output of record?.mode === 'fresh' ? Object.values(record.outputs) : [])
        if (output.secret) await run.deps.vault.destroy(tx, output.value)
    }
    await forgetRecords(tx, run.view, keys)
  })
}
