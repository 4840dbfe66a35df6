/** The default of an exhausted switch: the compiler proves it dead, a wrong cast ends here loudly. */
export function unreachable(value: never): never {
  throw new Error(`unexpected value ${JSON.stringify(value)}`)
}
