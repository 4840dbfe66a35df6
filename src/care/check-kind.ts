// What recurring checks have in common, whatever they check: how somebody is asked, and what a kind of check says of itself.

import type { BlueprintSource } from '../engine/index.ts'
import type { PlatformId } from '../kernel/ids.ts'
import type { Seams } from '../kernel/seams.ts'
import type { Store } from '../store/store.ts'
import type { CheckedMachine } from './checked-machines.ts'

/** What a machine answered. `silent`: it did not, so nobody knows how it is. */
export type ProbeAnswer =
  | { readonly kind: 'answered'; readonly exitCode: number; readonly said: string }
  | { readonly kind: 'silent'; readonly why: string }

/** A machine as it is spoken to, and recognised. */
export type Asked = Pick<CheckedMachine, 'id' | 'endpoints' | 'loginUser' | 'hostKey' | 'sshSecret'>

/** Runs a script on a machine that has proved its pinned identity; never rejects for what the machine does. */
export type Probe = (machine: Asked, script: string, timeoutMs: number, signal: AbortSignal) => Promise<ProbeAnswer>

export interface CheckDeps {
  readonly store: Store
  readonly seams: Seams
  readonly blueprints: BlueprintSource
  readonly probe: Probe
  /** The value behind a reference. */
  readonly secret: (ref: string) => Promise<string>
  readonly wake: (platform: PlatformId) => void
  readonly log: (message: string, facts: { readonly [name: string]: unknown }) => void
}

/** One kind of check; a subject is whom it checks, with what is remembered of earlier answers. */
export interface CheckKind<S extends { readonly everyMs: number }> {
  /** As logs call those it checks, e.g. `machines`. */
  readonly what: string
  /** Checks under way at once, COUNT; more wait for their turn, so where there are very many each is checked less often. */
  readonly mostAtOnce: number
  /** Everybody who is to be checked now, by an id of its own. A `known` subject that is answered again keeps its turn. */
  meet(known: ReadonlyMap<string, S>): Promise<ReadonlyMap<string, S>>
  /** One check and what follows; answers the ms until the next. */
  examine(subject: S, signal: AbortSignal): Promise<number>
}

/** After a failure the next check comes as soon as this, ms: what is in doubt is looked at closely. */
export const doubtEveryMs = 2_000
/** What took so much longer than it may was not held up by a machine: this process slept, or its clock was set. */
const sleptMs = 5_000

export interface Asking {
  readonly answer: ProbeAnswer
  readonly tookMs: number
  /**
   * False once it was long ago: then this process slept, and others may know better by now. Whoever writes a verdict asks
   * it in the transaction.
   */
  isFresh(): boolean
}

/** Asks once. Undefined when that says nothing: this process ends, or it slept meanwhile, or its clock was set. */
export async function ask(
  { probe, seams: { clock } }: Pick<CheckDeps, 'probe' | 'seams'>,
  machine: Asked,
  script: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Asking | undefined> {
  const startedAt = clock.now()
  const isFresh = () => !slept(clock.now() - startedAt, timeoutMs)
  const answer = await probe(machine, script, timeoutMs, signal)
  const tookMs = clock.now() - startedAt
  return signal.aborted || !isFresh() ? undefined : { answer, tookMs, isFresh }
}

/** Whether what took this long, and should have taken no longer than that, says that this process slept. */
export function slept(tookMs: number, atMostMs: number): boolean {
  return tookMs < 0 || tookMs > atMostMs + sleptMs
}

/** The script with names set in its environment. */
export function withEnvironment(env: Readonly<Record<string, string>>, script: string): string {
  return `${Object.entries(env)
    .map(([name, text]) => `export ${name}='${text.replaceAll("'", "'\\''")}'\n`)
    .join('')}${script}`
}
