// A mistake in the command itself: exit code 2, so that a script can tell it from a refusal by the server (1).

export class UsageError extends Error {
  readonly next: string | undefined

  constructor(message: string, options: { readonly next?: string; readonly cause?: unknown } = {}) {
    super(message, options)
    this.name = 'UsageError'
    this.next = options.next
  }
}
