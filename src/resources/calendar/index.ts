export { calendarEndpoints } from './endpoints.ts'
export { type Keeper, startKeeper } from './keeper.ts'
