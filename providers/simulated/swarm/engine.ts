// The Docker daemon of one machine, as clusters see it. What it knows of its swarm is on its disk, so it is still
// a member after a reboot.

export interface Engine {
  readonly hostname: string
  readonly address: string
  readonly cpu: number
  readonly memoryBytes: number
  /** Whether the machine answers and its daemon runs. */
  isUp(): boolean
  membership: { readonly clusterId: string; readonly nodeId: string } | null
  readonly images: Map<string, { readonly id: string; readonly createdAt: number }>
}

export const engineVersion = '20.10.24+dfsg1'
