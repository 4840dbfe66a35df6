// What the slices work with: the rooms of the house as app.ts put them together, passed to every handler.

import type { DecideDeps } from '../care/index.ts'
import type { BlueprintSource } from '../engine/index.ts'
import type { LogFields, LogLevel } from '../http/log.ts'
import type { PlatformId } from '../kernel/ids.ts'
import type { Seams } from '../kernel/seams.ts'
import type { Kinds, Sessions } from '../provider/registry.ts'
import type { Vault } from '../secrets/index.ts'
import type { Store } from '../store/index.ts'
import type { Config } from './config.ts'

export interface Rooms {
  readonly store: Store
  readonly seams: Seams
  readonly vault: Vault
  readonly kinds: Kinds
  readonly sessions: Sessions
  readonly blueprints: BlueprintSource
  /** What forming a platform needs: keys, flavors, seams. */
  readonly forming: DecideDeps
  readonly config: Config
  readonly log: (level: LogLevel, message: string, fields?: LogFields, error?: unknown) => void
  /** Has the engine look at the platform soon; a hint, called after the commit that makes it due. */
  readonly wake: (platform: PlatformId) => void
  /** Aborts when the process begins to close. */
  readonly closing: AbortSignal
  readonly info: {
    readonly version: string
    readonly database: 'sqlite' | 'postgres'
    readonly startedAt: number
    /** What the master key is recognised by. */
    readonly masterKeyPrint: string
  }
}
