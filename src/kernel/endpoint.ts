// Where a machine listens is said by providers and used by SSH, which do not know each other: so it is the kernel's.

export interface Endpoint {
  readonly address: string
  /** SSH port. */
  readonly port: number
}
