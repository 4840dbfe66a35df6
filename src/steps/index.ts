export { gateStep } from './gate.ts'
export { machineStep, type Providers } from './machine.ts'
export { scriptStep } from './script.ts'
export { sshStep } from './ssh.ts'
