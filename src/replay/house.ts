// The house a replay runs in, as app.ts puts it together: the real engine, care and API over a recorded world.

import type { Remote } from '../bootstrap/remote.ts'
import type { Seats } from '../care/index.ts'
import type { StepKind } from '../engine/index.ts'
import type { Journal } from '../kernel/journal.ts'
import type { Seams } from '../kernel/seams.ts'
import type { ProviderKind } from '../provider/contract.ts'
import type { Db } from '../store/store.ts'

export interface HouseOrder {
  readonly seams: Seams
  readonly kind: ProviderKind
  readonly remote: Remote
  readonly flavors: Journal['house']['flavors']
  readonly meltdown: Journal['house']['meltdown']
  /** Where machines were: what else their hosts carried is not recorded, so it is not chosen again. */
  readonly seats: Seats
  /** Put around every step kind. */
  readonly stepKind: (real: StepKind) => StepKind
}

export interface ReplayHouse extends AsyncDisposable {
  readonly read: Db
  /** One call of the API as installation-admin: status and parsed body. */
  call(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>
}

export type OpenReplayHouse = (order: HouseOrder) => Promise<ReplayHouse>
