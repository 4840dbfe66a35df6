import { first } from './0001-first.ts'
import { operations } from './0002-operations.ts'
import { weather } from './0003-weather.ts'
import { revisions } from './0004-revisions.ts'
import { maintenance } from './0005-maintenance.ts'
import { rest } from './0006-rest.ts'
import { warm } from './0007-warm.ts'
import { calendar } from './0008-calendar.ts'
import { health } from './0009-health.ts'
import { durations } from './0010-durations.ts'
import { prices } from './0011-prices.ts'
import { deadPlaces } from './0012-dead-places.ts'
import { upgrades } from './0013-upgrades.ts'
import type { Migration } from './migration.ts'

/** Every migration, oldest first. Append; never edit one that was released. */
export const migrations: readonly Migration[] = [
  first,
  operations,
  weather,
  revisions,
  maintenance,
  rest,
  warm,
  calendar,
  health,
  durations,
  prices,
  deadPlaces,
  upgrades,
]
