// What a script is told: facts about where it runs, its `with` and `using`, and what `with` was last time.

import { z } from 'zod'
import {
  builtinEnvironment,
  type MemberFacts,
  type MemberRef,
  type PlanStep,
  previousPrefix,
  type ScriptInput,
  type Value,
} from '../blueprints/index.ts'
import { memberAnswers } from './executor.ts'
import { forgetFresh, type Minted } from './fresh.ts'
import { addressOf, resolveValue } from './resolve.ts'
import { type RunState, recordOf } from './state.ts'
import type { ResolvedOrWait, StepOutcome } from './step-kind.ts'
import type { MemberView } from './view.ts'

/** How long to wait for an input that another step has not produced yet. */
const unknownInputMs = 1_000

/**
 * Resolves everything an attempt of `step` on `executor` needs. For an attempt about to start, fresh
 * steps are run anew by `mint`; for one in flight, what was minted for it is remembered, so that its log can be redacted.
 */
export async function resolveInput(
  run: RunState,
  step: PlanStep,
  executor: MemberRef,
  mint: (freshKey: string) => Promise<Minted>,
): Promise<ResolvedOrWait> {
  if (step.kind !== 'script' && step.kind !== 'gate') return { kind: 'resolved', input: { env: {}, secretEnv: {} } }
  const env: Record<string, string> = { ...factsFor(run, step, executor), ...previousOf(run, step) }
  const secretEnv: Record<string, string> = {}
  const starting = !run.view.inFlight.has(step.key)
  if (starting) await forgetFresh(run, step)
  for (const [name, value] of inputsOf(step.input)) {
    const resolved = value.from === 'fresh' ? await fresh(value, mint) : known(run, name, value)
    if (resolved.kind !== 'value') return resolved.outcome
    if (resolved.secretRef === null) env[name] = resolved.text
    else secretEnv[name] = await run.deps.vault.get(run.deps.store.read, resolved.secretRef)
  }
  return { kind: 'resolved', input: { env, secretEnv } }
}

/** The plain `with` of an attempt, kept with the record to be GANTRY_PREVIOUS_* of the next. */
export function plainWith(run: RunState, input: ScriptInput): Record<string, string> {
  const plain: Record<string, string> = {}
  for (const [name, value] of Object.entries(input.with)) {
    const resolved = resolveValue(run.view, value)
    if (resolved && resolved.secretRef === null) plain[name] = resolved.text
  }
  return plain
}

type Resolution =
  | { readonly kind: 'value'; readonly text: string; readonly secretRef: string | null }
  | { readonly kind: 'not'; readonly outcome: Exclude<StepOutcome, { kind: 'done' }> }

function known(run: RunState, name: string, value: Value): Resolution {
  const resolved = resolveValue(run.view, value, 'known')
  if (resolved) return { kind: 'value', ...resolved }
  return {
    kind: 'not',
    outcome: { kind: 'wait', afterMs: unknownInputMs, reason: `its input ${name} is not known yet` },
  }
}

async function fresh(
  value: Extract<Value, { from: 'fresh' }>,
  mint: (freshKey: string) => Promise<Minted>,
): Promise<Resolution> {
  const minted = await mint(value.step)
  if (minted.kind !== 'done') return { kind: 'not', outcome: minted }
  const output = minted.outputs?.[value.name]
  if (!output) {
    return {
      kind: 'not',
      outcome: {
        kind: 'failed',
        problem: {
          code: 'script_failed',
          detail: `${value.step} gave no output ${value.name}.`,
          facts: { step: value.step },
          next: `Its author must let it write ${value.name} to $GANTRY_OUTPUT.`,
        },
      },
    }
  }
  return output.secret
    ? { kind: 'value', text: '', secretRef: output.value }
    : { kind: 'value', text: output.value, secretRef: null }
}

function* inputsOf(input: ScriptInput): Iterable<[string, Value]> {
  yield* Object.entries(input.with)
  yield* Object.entries(input.using)
}

function factsFor(run: RunState, step: PlanStep, executor: MemberRef): Readonly<Record<string, string>> {
  const { members, name } = run.view
  const subject = step.kind === 'script' && step.subject !== null ? members.get(step.subject) : undefined
  return builtinEnvironment(
    name,
    factsOf(executor, members.get(executor)),
    subject ? { ref: subject.ref, address: addressOf(subject) ?? '', answers: memberAnswers(subject) } : null,
  )
}

function factsOf(ref: MemberRef, member: MemberView | undefined): MemberFacts {
  return {
    ref,
    group: member?.group ?? '',
    ordinal: member?.ordinal ?? 0,
    address: (member && addressOf(member)) ?? '',
    zone: member?.machine.zone ?? '',
  }
}

const storedInputSchema = z.object({ with: z.record(z.string(), z.string()).optional() })

function previousOf(run: RunState, step: PlanStep): Record<string, string> {
  const record = recordOf(run, step)
  if (record.achieved === null) return {}
  const previous = storedInputSchema.parse(JSON.parse(record.input)).with ?? {}
  return Object.fromEntries(Object.entries(previous).map(([name, text]) => [`${previousPrefix}${name}`, text]))
}
