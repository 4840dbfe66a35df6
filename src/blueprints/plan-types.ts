// A plan is data: what must hold, as steps with keys, inputs and needs. It is symbolic (values name
// where they come from) and pure: no health, clock, capacity or inventory is read to make it, so the
// same members and records give the same plan, and planning again costs nothing but time.

import type { Json } from '../kernel/canonical.ts'
import type { MemberState } from '../kernel/states.ts'

/** `<group>-<ordinal>`, e.g. `worker-1`: the slot. */
export type MemberName = string
/** `<group>-<ordinal>@<incarnation>`, e.g. `worker-1@2`: one machine's life in that slot. */
export type MemberRef = string

export interface PlanMember {
  readonly ref: MemberRef
  readonly name: MemberName
  readonly group: string
  readonly ordinal: number
  readonly incarnation: number
  /** The wish it follows: another one than the platform's until its turn in a rollout has come; absent: the first. */
  readonly revision?: number
  /** Another has its place: it is kept as it is, drained, and is no part of the platform. */
  readonly warm?: boolean
  /** Members in state `gone` are not given. */
  readonly state: Exclude<MemberState, 'gone'>
}

/** Where a step runs. `anyHealthy` is chosen by the engine when it runs, never among members that are leaving or the subject. */
export type Executor =
  | { readonly kind: 'member'; readonly member: MemberRef }
  | { readonly kind: 'anyHealthy'; readonly group: string; readonly except: readonly MemberRef[] }

/** Where a value comes from; resolved just before the step runs. */
export type Value =
  | { readonly from: 'literal'; readonly value: Json }
  /** Output of a plan step (each or once) by key. */
  | { readonly from: 'output'; readonly step: string; readonly name: string }
  /** Output of a fresh step, minted for this use only; allowed in `using` alone. */
  | { readonly from: 'fresh'; readonly step: string; readonly name: string }
  /** A fact of one member: `name`, `ordinal`, `zone`, `host`, `address`. */
  | { readonly from: 'member'; readonly member: MemberRef; readonly fact: MemberFact }
  /** That fact of all members of a group that are not leaving, joined by a comma, by ordinal. */
  | { readonly from: 'group'; readonly members: readonly MemberRef[]; readonly fact: MemberFact }

export type MemberFact = 'name' | 'ordinal' | 'zone' | 'host' | 'address'

/**
 * Met when enough of `steps` are clean. Objects are shared between steps (one per group and step name),
 * so a plan stays linear in the platform.
 */
export interface Need {
  readonly quantifier: 'all' | 'any' | 'quorum'
  readonly steps: readonly string[]
}

export interface ScriptInput {
  /** Path inside the blueprint and the digest of its text. */
  readonly path: string
  readonly digest: string
  /** Environment name -> value; a change re-runs the step. */
  readonly with: Readonly<Record<string, Value>>
  /** Environment name -> value; resolved when it runs, a change never re-runs it. */
  readonly using: Readonly<Record<string, Value>>
  /** Declared outputs. */
  readonly outputs: Readonly<Record<string, 'plain' | 'secret'>>
}

interface StepCommon {
  /**
   * Unique in the platform: `machine/<ref>`, `ssh/<ref>`, `script/<ref>/<step>` (each), `script/<step>` (once),
   * `fresh/<step>`, `leave/<ref>`, `drain/<ref>`, `return/<ref>`, `power/<ref>`, `gate/<name>/<hash of what it guards>`; of operations `op/<task>/<step>` and
   * `op/<task>/<ref>/<step>`.
   */
  readonly key: string
  readonly want: 'present' | 'absent'
  readonly mode: 'each' | 'once' | 'fresh'
  /** The incarnation this step belongs to and is forgotten with; null for once and platform-level steps. */
  readonly member: MemberRef | null
  readonly needs: readonly Need[]
  /** From first attempt to giving up, ms. */
  readonly deadlineMs: number
  readonly maxAttempts: number
}

export interface MachineStep extends StepCommon {
  readonly kind: 'machine'
  /** Nothing is run on it on behalf of others. */
  readonly warm?: boolean
  readonly input: { readonly member: MemberRef }
}
/** Passes when the machine answers SSH and has proved its incarnation. */
export interface SshStep extends StepCommon {
  readonly kind: 'ssh'
  readonly input: { readonly member: MemberRef }
}
export interface ScriptStep extends StepCommon {
  readonly kind: 'script'
  readonly on: Executor
  /** The member a leave, drain or return is about; the script is told its facts and whether it answers. */
  readonly subject: MemberRef | null
  readonly onLost: 'rerun' | 'block' | 'replaceMachine'
  /** After the deadline: block, or count as done (`proceed`, for leave). */
  readonly onTimeout: 'block' | 'proceed'
  /** Of leave and drain: ms between taking the subject out of the outputs and the script; absent: none. */
  readonly noticeMs?: number
  /** Of leave and drain: the script says at its end how long to wait, and whether to be run again. */
  readonly dynamic?: true
  readonly input: ScriptInput
}
/** Holds back what needs it until the check passes `passes` times in a row, observed after its own needs were met. */
export interface GateStep extends StepCommon {
  readonly kind: 'gate'
  readonly on: Executor
  readonly passes: number
  readonly everyMs: number
  /** The incarnations it guards: part of its key and fingerprint, so every rollout has its own gate. */
  readonly guards: readonly MemberRef[]
  readonly input: ScriptInput
}
/**
 * A machine that exists is stopped, or runs again, while its platform hibernates and wakes; or is started anew, whether it
 * runs or not, because a person asked for it.
 */
export interface PowerStep extends StepCommon {
  readonly kind: 'power'
  readonly input: { readonly member: MemberRef; readonly to: 'on' | 'off' | 'restart' }
}
export type PlanStep = MachineStep | SshStep | ScriptStep | GateStep | PowerStep

export interface Plan {
  /** In topological order. */
  readonly steps: readonly PlanStep[]
  /** Platform outputs: member facts or outputs of steps; resolved when read. */
  readonly outputs: Readonly<Record<string, { readonly value: Value; readonly secret: boolean }>>
}

export interface PlanInput {
  readonly want: 'present' | 'absent'
  readonly parameters: Readonly<Record<string, Json>>
  readonly members: readonly PlanMember[]
  /** Group -> the incarnation decided to found it. It stays after that incarnation is gone. */
  readonly founders: Readonly<Record<string, MemberRef>>
  /** Group -> how often it was decided to found it; 1 where it is not named. */
  readonly foundings?: Readonly<Record<string, number>>
  /** Keys of once steps that are done. */
  readonly founded: ReadonlySet<string>
}

/** What a group asks of placement and quota, after parameters are filled in. */
export interface GroupSpec {
  readonly name: string
  readonly count: number
  readonly flavor: string
  readonly image: string
  readonly spread: { readonly host?: 'must' | 'should'; readonly zone?: 'must' | 'should' }
  /** Replaced one at a time, leave first, old machine gone before the new one joins. */
  readonly quorum: boolean
  /** Whether one of its members founds the platform; who, is a decision. */
  readonly founds: boolean
}

/** One run of an operation: what it was asked for and for whom, decided once and written down. */
export interface OperationInput {
  readonly task: string
  readonly operation: string
  /** Those of the platform at that moment, and its own, complete. */
  readonly parameters: Readonly<Record<string, Json>>
  /** Who was a member then; later ones are not concerned, and one that leaves takes its steps with it undone. */
  readonly members: readonly MemberRef[]
  readonly founders: PlanInput['founders']
  readonly foundings?: PlanInput['foundings']
}

export interface OperationPlan {
  readonly mode: 'shared' | 'exclusive'
  /** In topological order; all of them once, and of no member in the sense of StepCommon. */
  readonly steps: readonly ScriptStep[]
  readonly outputs: Plan['outputs']
}

/** Group, ordinal and incarnation of `worker-1@2`. */
export function parseMemberRef(ref: MemberRef): Pick<PlanMember, 'name' | 'group' | 'ordinal' | 'incarnation'> {
  const [, name = '', group = '', ordinal, incarnation] = /^((.+)-([0-9]+))@([0-9]+)$/.exec(ref) ?? []
  if (ordinal === undefined || incarnation === undefined) throw new Error(`not a member: ${ref}`)
  return { name, group, ordinal: Number(ordinal), incarnation: Number(incarnation) }
}

/** `name@2` of group and ordinal. */
export function memberRef(group: string, ordinal: number, incarnation: number): MemberRef {
  return `${group}-${ordinal}@${incarnation}`
}
