// What a command sees of the world around it, passed in, so that a test runs commands without a process.

import type { Terminal } from './client/screen.ts'

/** What only the installation on this machine knows, not the server: passed in by main.ts, which may look into any room. */
export interface LocalFacts {
  /** Which implementation ssh2 uses for its ciphers here. */
  readonly sshCrypto: () => Promise<string>
  /** Runs a journal again, telling everything as it comes. Throws ProblemError. */
  readonly replay: (text: string, onHappening: (happening: ReplayHappening) => Promise<void>) => Promise<ReplayVerdict>
  readonly backups: () => Promise<LocalBackups>
  /** Logs a person in with our own SSH, where no ssh program is installed; answers the exit code. */
  readonly terminal: (access: TerminalAccess, command: readonly string[], signal: AbortSignal) => Promise<number>
}

/** What a step came to, recorded and replayed; null: nothing. */
export interface ReplayPair {
  readonly step: string
  readonly recorded: string | null
  readonly replayed: string | null
  /** What it said as it was recorded, where it was no success. */
  readonly detail: string | null
}

/** What comes to pass in a replay. `afterMs`: when it was recorded, after the first request. */
export type ReplayHappening =
  | { readonly kind: 'request' | 'trouble' | 'takeover'; readonly afterMs: number; readonly text: string }
  | { readonly kind: 'step'; readonly afterMs: number; readonly pair: ReplayPair }

export interface ReplayVerdict {
  readonly divergence: string | null
  readonly recorded: string
  readonly replayed: string
  readonly failingStep: string | null
  /** What had a part in what happened and is not in the journal, each with the reason. */
  readonly untold: readonly string[]
}

/** What a backup file says of itself. */
export interface BackupFacts {
  readonly version: string
  readonly installation: string
  /** ms since 1970. */
  readonly takenAt: number
  readonly bytes: number
  readonly sha256: string
  /** Fingerprint of the master key that opens its secrets. */
  readonly masterKey: string
}

/** Backups as files on this machine. Each throws ProblemError. */
export interface LocalBackups {
  readonly take: (folder: string, file: string) => Promise<BackupFacts>
  readonly check: (file: string) => Promise<BackupFacts>
  readonly restore: (wish: {
    readonly file: string
    readonly folder: string
    readonly masterKey: string | undefined
  }) => Promise<BackupFacts>
}

export interface TerminalAccess {
  readonly endpoint: { readonly address: string; readonly port: number }
  readonly user: string
  /** OpenSSH one-line public key. */
  readonly hostKey: string
  readonly privateKeyPem: string
}

export interface World {
  readonly out: Terminal
  readonly err: Terminal
  readonly env: NodeJS.ProcessEnv
  /** ms since 1970. */
  readonly now: () => number
  /** Aborted by Ctrl-C and by a terminal that is closed. */
  readonly signal: AbortSignal
  readonly local?: LocalFacts | undefined
}
