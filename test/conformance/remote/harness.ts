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
    ...over,
  }
}
