export { machineEndpoints } from './endpoints.ts'
export { listMachines, type MachineRow } from './store.ts'
export { addressOf, knownHosts, sshEndpoint } from './view.ts'
