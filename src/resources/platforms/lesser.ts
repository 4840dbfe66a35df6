// Who is refused wants to know what would do. Of the parameters that say how many there are and how strictly they are
// spread, each is tried by itself: the answer is a parameter to type, not a riddle about groups.

import type { Blueprint } from '../../blueprints/index.ts'
import type { Json } from '../../kernel/canonical.ts'

type Parameters = Readonly<Record<string, Json>>

/**
 * Single changes that would be admitted: `workers=9`, `managerSpread=should`. `admits` is asked some ten times for each
 * parameter at most. Who has a platform already (`now`) wants no less than that: only what was raised is lowered, and to
 * more than it is.
 */
export async function lesserWishes(
  { document }: Blueprint,
  parameters: Parameters,
  admits: (parameters: Parameters) => Promise<boolean>,
  now: Parameters = {},
): Promise<string[]> {
  const groups = Object.values(document.groups)
  const counts = new Set(groups.flatMap(({ count }) => paramOf(count)))
  const spreads = new Set(groups.flatMap(({ spread }) => [...paramOf(spread?.host), ...paramOf(spread?.zone)]))
  const found: string[] = []
  for (const [name, spec] of Object.entries(document.parameters ?? {})) {
    const value = parameters[name]
    const admitsWith = (other: Json) => admits({ ...parameters, [name]: other })
    if (spreads.has(name) && value === 'must' && (await admitsWith('should'))) found.push(`${name}=should`)
    if (!counts.has(name) || spec.type !== 'integer' || typeof value !== 'number') continue
    const before = now[name]
    const lowest = Math.max(spec.minimum ?? 0, typeof before === 'number' ? before + 1 : 0)
    const below = spec.enum?.filter((other) => other < value && other >= lowest).sort((a, b) => a - b)
    const most = await largest(below?.length ?? value - lowest, (index) => admitsWith(below?.[index] ?? lowest + index))
    if (most !== undefined) found.push(`${name}=${below?.[most] ?? lowest + most}`)
  }
  return found
}

function paramOf(value: unknown): string[] {
  return typeof value === 'object' && value !== null && 'param' in value ? [String(value.param)] : []
}

/** The largest index that is admitted, by halving: if more are admitted, so are fewer. Undefined when none is. */
async function largest(length: number, admitted: (index: number) => Promise<boolean>): Promise<number | undefined> {
  let [low, high] = [-1, Math.max(length, 0) - 1]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (await admitted(middle)) low = middle
    else high = middle - 1
  }
  return low < 0 ? undefined : low
}
