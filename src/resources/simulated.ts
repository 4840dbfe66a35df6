import type { Rooms } from './rooms.ts'

/** Of these kinds, the ones whose machines are simulated: said wherever such a machine is shown. */
export async function simulatedKinds({ kinds }: Pick<Rooms, 'kinds'>, asked: Iterable<string>): Promise<Set<string>> {
  const simulated = new Set<string>()
  for (const name of new Set(asked)) if ((await kinds.get(name))?.simulated) simulated.add(name)
  return simulated
}
