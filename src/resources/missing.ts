import { noSuch, type Thing } from '../access/index.ts'

/** Throws not_found. */
export function missing(thing: Thing, id: string): never {
  throw noSuch(thing, id)
}
