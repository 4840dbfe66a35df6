// A mistake in the command itself: exit code 2, so that a script can tell it from a refusal by the server (1).

export class UsageError extends Error {
  readonly next: string | undefined

  constructor(message: string, next?: string) {
    super(message)
    this.name = 'UsageError'
    this.next = next
  }
}
