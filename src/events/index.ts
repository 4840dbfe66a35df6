export { appendEvent } from './append.ts'
export {
  type EventKind,
  eventKinds,
  type FactKind,
  type NewEvent,
  type RecordedEvent,
  type Subject,
  type TransitionKind,
} from './event.ts'
export { type EventFilter, happenedSince, lastEventSeq, listEvents } from './list.ts'
export { endCarrying, endProblem, endProblems, type ProblemOwner, tellPlace, tellProblem } from './problems.ts'
export { followEvents } from './stream.ts'
export { type Moved, moveMachine, moveMember, movePlatform, moveTask } from './transition.ts'
