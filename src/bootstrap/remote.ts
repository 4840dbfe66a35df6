// How everything above SSH speaks to a machine. Two implementations: ssh2 (ssh-remote.ts) and, in tests,
// a machine in memory; one conformance suite (test/conformance/remote) runs over both.
//
// A script attempt is started at most once, whatever is lost on the way: the runner makes the attempt's
// folder exclusively, starts the script detached, and answers absent | running | ended | lost for ever after.

import type { Endpoint } from '../kernel/endpoint.ts'

/** One incarnation of a machine and the proof we ask of it before anything runs. */
export interface RemoteTarget {
  /** Unique for ever, e.g. the machine id; connections are pooled by it and never shared across incarnations. */
  readonly incarnation: string
  /** Tried in turn; the pinned key makes it safe to try an address that may be another machine's by now. */
  readonly endpoints: readonly Endpoint[]
  readonly user: string
  /** The pinned ed25519 host key, OpenSSH one-line public form. */
  readonly hostKey: string
  /** The platform's private key in OpenSSH's format, without a passphrase (ssh2 reads no ed25519 in PKCS#8). */
  readonly privateKeyPem: string
}

export interface ScriptAttempt {
  /** The attempt's id: the name of its folder on the machine. */
  readonly id: string
  readonly stepKey: string
  /** The lease's fence this attempt was recorded under; the runner refuses one lower than the highest it saw. */
  readonly fence: number
  /** Scope of the fence: the platform id. */
  readonly fenceScope: string
  /** Bash script text, run with `bash` as root. */
  readonly script: string
  /** Environment of the script, plain. */
  readonly env: Readonly<Record<string, string>>
  /** Environment that is on no disk of the machine, only in memory, and is redacted from logs by the caller. */
  readonly secretEnv: Readonly<Record<string, string>>
  /** The runner ends the script after this long (SIGTERM, then SIGKILL): exit code 124. */
  readonly timeoutMs: number
  /** Outputs without which what travels behind it does not begin. */
  readonly mustGive: readonly string[]
}

/**
 * Attempts that travel together, of one platform and under one fence: each begins when the one before it has ended
 * with 0 and given its outputs, unless the machine has seen a higher fence by then, or somebody started or stopped it
 * meanwhile; then it and what is behind it do not begin by themselves.
 */
export type Journey = readonly [ScriptAttempt, ...ScriptAttempt[]]

export type AttemptStatus =
  | { readonly kind: 'absent' }
  | { readonly kind: 'running'; readonly logBytes: number }
  | {
      readonly kind: 'ended'
      readonly exitCode: number
      /** `KEY=value` lines of $GANTRY_OUTPUT, parsed; at most 64 KiB in all. */
      readonly outputs: Readonly<Record<string, string>>
      readonly logBytes: number
    }
  /** It was stopped before it began, and never will. */
  | { readonly kind: 'stopped' }
  /** The folder exists, the process does not, and there is no exit code: machine rebooted, process killed. */
  | { readonly kind: 'lost'; readonly detail: string; readonly logBytes: number }

export interface Checked {
  readonly exitCode: number
  /** The end of what it printed. */
  readonly said: string
}

/** Every call rejects at once when its signal aborts; what runs on the machine runs on. */
export interface Remote extends AsyncDisposable {
  /** Connects (or reuses the connection), checks the host key against the target's, logs in. Throws RemoteFault. */
  prove(target: RemoteTarget, signal: AbortSignal): Promise<void>
  /**
   * Starts the journey unless the folder of its first attempt exists, in which case nothing is started; answers that
   * attempt's status either way. Waits on the machine up to `waitMs` for a quick end of it. Throws RemoteFault; after
   * a fault the caller looks, never guesses.
   */
  start(target: RemoteTarget, journey: Journey, waitMs: number, signal: AbortSignal): Promise<AttemptStatus>
  /** From now on the attempt cannot begin; one that has begun goes on. Answers its status. Throws RemoteFault. */
  stop(
    target: RemoteTarget,
    attempt: Pick<ScriptAttempt, 'id' | 'fence' | 'fenceScope'>,
    signal: AbortSignal,
  ): Promise<AttemptStatus>
  /** The attempt's status; waits on the machine up to `waitMs` while it is running. */
  look(target: RemoteTarget, attemptId: string, waitMs: number, signal: AbortSignal): Promise<AttemptStatus>
  /** Raw log bytes from `offset` (at most `maxBytes`); the log is capped at 16 MiB on the machine. */
  log(
    target: RemoteTarget,
    attemptId: string,
    offset: number,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<Uint8Array>
  /**
   * Runs a short script at once and tells how it ended. It leaves nothing on the machine's disk, is not recorded, and may
   * be cut off: for looks alone. Throws RemoteFault; one that outlasts `timeoutMs` ends with 124, if the machine still
   * answers.
   */
  check(target: RemoteTarget, script: string, timeoutMs: number, signal: AbortSignal): Promise<Checked>
  /** Closes the connections of an incarnation that is gone. */
  forget(incarnation: string): void
}

export type RemoteFaultKind =
  /** No TCP connection or no banner: not up yet, or dead. */
  | 'unreachable'
  /** Connected, but the host key is not the pinned one. Nothing was sent. */
  | 'hostKeyChanged'
  /** Our key was refused. */
  | 'loginDenied'
  /** sudo asks for a password. */
  | 'sudoDenied'
  /** The runner has seen a higher fence: we were taken over. */
  | 'fenced'
  /** The connection broke in mid-call; the effect is unknown. */
  | 'broken'
  /** The machine's disk is full or read-only. */
  | 'noSpace'
  /** The other end does not speak as our runner does (a login shell that prints, no bash). */
  | 'protocol'

export class RemoteFault extends Error {
  readonly kind: RemoteFaultKind
  constructor(kind: RemoteFaultKind, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'RemoteFault'
    this.kind = kind
  }
}
