import type { PlatformId } from '../../kernel/ids.ts'
import type { Store } from '../../store/index.ts'
import type { Rooms } from '../rooms.ts'

/** What the keeping of schedules and leases works with. */
export interface KeepDeps extends Pick<Rooms, 'seams' | 'blueprints' | 'forming'> {
  readonly store: Store
  /** Tells the engine that a platform is due. */
  readonly wake: (platform: PlatformId) => void
  readonly log: (message: string, facts: { readonly [name: string]: unknown }) => void
}
