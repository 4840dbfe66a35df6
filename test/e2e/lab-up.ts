// One lab for all files of the suite: up before the first, down after the last, unless a person had it up already.

import { startLab } from '../lab/incus/lab.ts'

export default async function setup(): Promise<() => Promise<void>> {
  const lab = await startLab()
  return async () => lab[Symbol.asyncDispose]()
}
