// A machine of the simulated cloud: what its provider says of it, and what its disk holds for the runner.

import type { MachineRequest, NativeRef, Observed, OwnerTag, ResourceKey } from '../../src/provider/contract.ts'

/** What the runner keeps of an attempt. */
export interface Folder {
  readonly id: string
  readonly stepKey: string
  /** The boot it was started in; null where nothing was begun. */
  readonly boot: number | null
  status: 'running' | 'stopped' | { readonly exitCode: number; readonly outputs: Readonly<Record<string, string>> }
  readonly log: string
  /** What its script was told, but for secrets. */
  readonly env: Readonly<Record<string, string>>
  readonly ended: Promise<void>
}

export interface Vm {
  readonly ref: NativeRef
  readonly key: ResourceKey
  readonly owner: OwnerTag
  readonly request: MachineRequest
  readonly zone: string
  readonly host: string
  readonly address: string
  readonly createdAt: number
  /** Made later than its provider says that a create takes effect at most. */
  readonly tooLate: boolean
  readyAt: number
  power: 'on' | 'off'
  failed: boolean
  /** Somebody undid what a step had done; until the step runs again. */
  undone: boolean
  /** It answers, and its check fails. */
  ill: boolean
  /** Somebody gave it another shape at its provider. */
  reshaped: boolean
  /** Nobody reaches it over the network before then, ms since 1970. */
  cutUntil: number
  /** When it is, or was, gone; null while nobody asked for that. */
  goneAt: number | null
  /** Not shown by any look before, and by none after. */
  shownFrom: number
  shownUntil: number
  /** Not shown by a list, or by any look, until then. */
  hiddenInListUntil: number
  hiddenUntil: number
  /** How often it was started. */
  boot: number
  readonly folders: Map<string, Folder>
  /** Highest fence seen, by scope. */
  readonly fences: Map<string, number>
}

/** Whether what it was of has succeeded. */
export function isDone(status: Folder['status']): boolean {
  return typeof status !== 'string' && status.exitCode === 0
}

export function isThere(vm: Vm, now: number): boolean {
  return vm.goneAt === null || now < vm.goneAt
}

export function stateOf(vm: Vm, now: number, hostIsDown: boolean): Observed['state'] {
  if (vm.goneAt !== null) return 'deleting'
  if (vm.failed) return 'failed'
  if (vm.power === 'off' || hostIsDown) return 'stopped'
  return now < vm.readyAt ? 'creating' : 'running'
}

export function observedOf(vm: Vm, now: number, hostIsDown: boolean): Observed {
  return {
    key: vm.key,
    ref: vm.ref,
    owner: vm.owner,
    kind: 'machine',
    state: stateOf(vm, now, hostIsDown),
    endpoints: [{ address: vm.address, port: 22 }],
    addresses: [vm.address],
    hostKeys: [vm.request.hostKey.publicKey],
    placement: { zone: vm.zone, host: vm.host },
    specHash: vm.reshaped ? `${vm.request.specHash}-changed` : vm.request.specHash,
    createdAt: vm.createdAt,
    ...(vm.failed ? { reason: 'it broke' } : {}),
  }
}
