import { nearest } from '../../http/nearest.ts'
import { ProblemError } from '../../kernel/problem.ts'
import { sentence } from '../../kernel/sentence.ts'
import type { ProviderKind } from '../../provider/contract.ts'
import type { Kinds } from '../../provider/registry.ts'

/** Throws invalid_request, naming the kinds there are. */
export async function findKind(kinds: Kinds, name: string): Promise<ProviderKind> {
  const kind = await kinds.get(name)
  if (kind) return kind
  const near = nearest(name, kinds.names)
  const detail = `there is no provider kind ${name}${near ? `, did you mean ${near}?` : `; there are ${kinds.names.join(', ')}`}`
  throw new ProblemError({
    code: 'invalid_request',
    detail: sentence(`/kind: ${detail}`),
    facts: { kinds: kinds.names },
    next: 'GET /v1/provider-kinds lists what this Gantry can speak to.',
    errors: [{ pointer: '/kind', detail }],
  })
}
