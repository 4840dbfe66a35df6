export type { Pair } from './compare.ts'
export type { HouseOrder, OpenReplayHouse, ReplayHouse } from './house.ts'
export type { Happening } from './narration.ts'
export { type ReplayOptions, type ReplayResult, replay } from './play.ts'
