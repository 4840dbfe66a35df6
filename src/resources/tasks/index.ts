export { Step, StepList, Task } from './schemas.ts'
