// What a world must offer so that the rules of Remote can be judged over it: a remote, machines, and a hand that does
// to them what fate does. Scripts are described, not written, because a machine in memory runs no bash.

import type { Remote, RemoteTarget, ScriptAttempt } from '../../../src/bootstrap/index.ts'

/** What a script of the suite does, in this order. Every script first leaves a trace that `begun` counts. */
export interface Act {
  /** Text to standard output, without an end of line of its own. */
  readonly print?: string
  /** So many bytes more to standard output. */
  readonly printBytes?: number
  /** Lines for $GANTRY_OUTPUT; a value `$NAME` is the environment variable's. */
  readonly outputs?: Readonly<Record<string, string>>
  /** Waits here until `release` of its attempt. */
  readonly hold?: boolean
  readonly exit?: number
}

export interface HarnessMachine {
  readonly target: RemoteTarget
  /** A script for an attempt that does `act`. */
  script(attemptId: string, act: Act): string
  /** How often the attempt's script began, COUNT. */
  begun(attemptId: string): Promise<number>
  /** Lets a held script go on. */
  release(attemptId: string): Promise<void>
  /** Ends the attempt's process from outside, without a chance to say anything. */
  kill(attemptId: string): Promise<void>
  /** Every process and connection ends; what is on disk stays; answers again afterwards. */
  reboot(): Promise<void>
  /** Whether anything on the machine's disks contains `text`. */
  onDisk(text: string): Promise<boolean>
  /** The claim of an attempt's folder as a starter leaves it that dies right after making it. */
  claimOnly(attemptId: string): Promise<void>
  /** From now on the network ends the connection at that point of the next call. */
  cutNext(point: 'beforeItRuns' | 'afterItRan'): void
}

/** A machine on a network of its own, for what only a socket can do wrong. */
export interface NetworkMachine extends HarnessMachine {
  /** The login shell prints this before and after every command. */
  noise(text: string): void
  /** From now on the machine shows a host key that nobody pinned. */
  changeHostKey(): void
  /** Commands asked for since the machine came up, COUNT. */
  readonly commands: number
  /** A target with a private key that the machine does not know. */
  strangersTarget(): RemoteTarget
  /** No connection is accepted any more. */
  down(): Promise<void>
}

export interface RemoteHarness<M extends HarnessMachine = HarnessMachine> extends AsyncDisposable {
  readonly remote: Remote
  /** A fresh machine, up and answering. */
  machine(): Promise<M>
  /** Lets the harness's time pass until the promise settles; real time needs none. */
  readonly run?: <T>(promise: Promise<T>) => Promise<T>
}

/** An attempt with everything in it that the rule at hand does not care about. */
export function attemptOf(
  machine: HarnessMachine,
  id: string,
  act: Act,
  over: Partial<Omit<ScriptAttempt, 'id' | 'script'>> = {},
): ScriptAttempt {
  return {
    id,
    stepKey: `script/member-0@1/${id}`,
    fence: 1,
    fenceScope: 'plt_1',
    script: machine.script(id, act),
    env: {},
    secretEnv: {},
    timeoutMs: 60_000,
    mustGive: [],
    ...over,
  }
}

/**
 * An act as a bash script, for machines that have one: its first command adds a byte to `<folder>/begun.<id>`, and a
 * held one goes on when `<folder>/go.<id>` exists.
 */
export function scriptOf(folder: string, id: string, act: Act): string {
  const lines = [`printf x >> '${folder}/begun.${id}'`]
  if (act.print !== undefined) lines.push(`printf '%s' '${act.print}'`)
  if (act.printBytes !== undefined) lines.push(`head -c ${act.printBytes} /dev/zero | tr '\\0' x`)
  for (const [key, value] of Object.entries(act.outputs ?? {})) {
    lines.push(`printf '%s=%s\\n' ${key} ${value.startsWith('$') ? `"${value}"` : `'${value}'`} >> "$GANTRY_OUTPUT"`)
  }
  if (act.hold) lines.push(`while [ ! -e '${folder}/go.${id}' ]; do sleep 0.02; done`)
  return [...lines, `exit ${act.exit ?? 0}`].join('\n')
}
