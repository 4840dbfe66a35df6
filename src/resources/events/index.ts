export { Event, EventList, History, Transition } from './schemas.ts'
