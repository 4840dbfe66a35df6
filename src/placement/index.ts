export { releaseCapacity, reserveCapacity } from './capacity.ts'
export { loadHosts } from './hosts.ts'
export { type HostChange, type InventoryReport, ourUseOf, saveInventory } from './inventory.ts'
export { isOn, lastingMaintenances } from './maintenance.ts'
export { totalOf } from './overcommit.ts'
export { place } from './place.ts'
export type {
  Answer,
  Assignment,
  Hint,
  Host,
  HostRefusal,
  Obstacle,
  Placed,
  ProvidersHint,
  Question,
  Refusal,
  Resources,
  Spread,
  SpreadRule,
  Wanted,
} from './types.ts'
