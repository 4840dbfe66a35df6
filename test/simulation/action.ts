// A history is data: what happens to it from outside, and when. So it can be printed, repeated and made shorter.

import type { Json } from '../../src/kernel/canonical.ts'
import type { CloudOptions } from './cloud.ts'
import type { Zone } from './times.ts'
import type { Count } from './weather.ts'

/** Which tenant, by number, and its platform by name. */
export interface About {
  readonly tenant: number
  readonly platform: string
}

/** What a tenant does with a platform and needs no words for. */
export type Change = 'delete' | 'cancel' | 'resume' | 'retry' | 'rollback' | 'renew' | 'pause' | 'hibernate' | 'wake'

/** What is agreed about a platform and kept by the clock, or against its tenant. Crons are those of times.ts. */
export type Term =
  /** It ends after `ms`, and its platform `graceMs` later. */
  | { readonly kind: 'lease'; readonly ms: number; readonly graceMs: number }
  | {
      readonly kind: 'schedule'
      readonly hibernate: string | null
      readonly wake: string | null
      readonly timeZone: Zone
    }
  | { readonly kind: 'window'; readonly opens: string; readonly seconds: number; readonly timeZone: Zone }
  | { readonly kind: 'follow'; readonly follow: 'none' | 'patch' | 'minor' }
  | { readonly kind: 'protect'; readonly on: boolean }

export type Act =
  | ({
      readonly kind: 'create'
      readonly blueprint: string
      readonly parameters: Readonly<Record<string, Json>>
      readonly terms: readonly Term[]
    } & About)
  | ({ readonly kind: 'change'; readonly parameters: Readonly<Record<string, Json>> } & About)
  | ({ readonly kind: Change } & About)
  | ({ readonly kind: 'operation'; readonly operation: string } & About)
  | (Term & About)
  /** Another version of a blueprint comes to be, `name@version`. */
  | { readonly kind: 'publish'; readonly blueprint: string }
  /** To another version of its blueprint. */
  | ({ readonly kind: 'upgrade'; readonly version: string } & About)
  /** A person chooses among the open problems and what they name as ways out. */
  | ({ readonly kind: 'resolve'; readonly pick: number } & About)
  /** Of one that is being deleted. */
  | ({ readonly kind: 'forget' } & About)
  | { readonly kind: 'read'; readonly tenant: number }
  /** A host is emptied, and taken back after a while; until a deadline, ms from then, in windows only. */
  | { readonly kind: 'maintain'; readonly host: string; readonly ms: number; readonly deadlineMs: number | null }
  /** The next so many calls go wrong in one way. */
  | { readonly kind: 'count'; readonly count: Count; readonly times: number }
  /** A trouble that lasts. */
  | {
      readonly kind: 'spell'
      readonly spell: 'unreachableUntil' | 'deniedUntil' | 'slowUntil' | 'lagUntil'
      readonly ms: number
    }
  /** Hosts that die; their machines stand still, or are gone. */
  | { readonly kind: 'hosts'; readonly hosts: readonly string[]; readonly ms: number; readonly vanish: boolean }
  | {
      readonly kind: 'machine'
      readonly pick: number
      readonly how: 'vanish' | 'off' | 'reboot' | 'cut' | 'hide' | 'undo' | 'ill' | 'reshape'
      readonly ms: number
    }
  /** Somebody at the provider switches its machines off, and nobody there will switch them on again. */
  | ({ readonly kind: 'blackout' } & About)
  /** `boundary` null: at this moment, else at its n-th boundary from then. */
  | { readonly kind: 'kill'; readonly process: number; readonly boundary: number | null; readonly downMs: number }
  | { readonly kind: 'stop'; readonly process: number; readonly ms: number }
  | {
      readonly kind: 'disk'
      readonly process: number
      readonly how: 'full' | 'fail' | 'unknown'
      readonly ms: number
      readonly times: number
    }

export type Action = Act & {
  /** ms from the beginning. */
  readonly at: number
}

/** How the world of a history is made. */
export interface Setting {
  readonly seed: number
  readonly cloud: CloudOptions
  readonly processes: number
  /** Whether one of the tenants follows its events by a stream. */
  readonly streams: boolean
  /** Whether a process can see that another one is over. */
  readonly oneMachine: boolean
  /** What becomes in the end of a quorum that is lost: another founding, its machines started again, or nothing more. */
  readonly lost: 'refound' | 'restore' | 'delete'
  /** Whether everything is deleted in the end. */
  readonly deleteAll: boolean
}

export interface Script {
  readonly setting: Setting
  readonly actions: readonly Action[]
}

export function actionText({ at, kind, ...rest }: Action): string {
  return `${(at / 1000).toFixed(1)} s  ${kind} ${JSON.stringify(rest)}`
}
