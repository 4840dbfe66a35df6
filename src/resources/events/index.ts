export { eventEndpoints } from './endpoints.ts'
export { Event, EventList, History, Transition } from './schemas.ts'
export { transitions } from './store.ts'
