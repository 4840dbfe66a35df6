// A provider is written down only after it was spoken to: what an admin is told at registration is what was seen.

import { invalidFields } from '../../http/fields.ts'
import type { JsonData } from '../../http/schema.ts'
import { z } from '../../http/schema.ts'
import { ProblemError } from '../../kernel/problem.ts'
import { within } from '../../provider/bounded.ts'
import type { Health, HostReport, ProviderKind, Session } from '../../provider/contract.ts'
import { ProviderFault } from '../../provider/fault.ts'
import { faultProblem } from '../../provider/fault-problem.ts'
import { connect } from '../../provider/registry.ts'
import type { Rooms } from '../rooms.ts'
import type { ImageMapping } from './schemas.ts'

const checkMs = 20_000
const capabilitiesSchema = z.record(z.string(), z.json())

export interface Checked {
  readonly health: Health
  readonly capabilities: { [name: string]: JsonData }
  readonly hosts: readonly HostReport[]
}

/**
 * Connects, probes and takes the inventory, then hangs up. Throws provider_unreachable, provider_denied or
 * provider_rejected, and invalid_request for an image reference that the provider does not have.
 */
export async function checkProvider(
  { kinds, seams }: Pick<Rooms, 'kinds' | 'seams'>,
  provider: {
    readonly name: string
    readonly kind: ProviderKind
    readonly config: unknown
    readonly images: Readonly<Record<string, ImageMapping>>
  },
): Promise<Checked> {
  try {
    return await within(seams.clock, checkMs, 'none', new AbortController().signal, async (signal) => {
      const config = provider.kind.config.parse(provider.config)
      await using session = await connect(kinds, { kind: provider.kind.kind, config }, seams)
      const health = await session.probe(signal)
      const hosts = await Array.fromAsync(session.inventory(signal))
      await checkImages(session, provider.images, signal)
      return { health, capabilities: capabilitiesSchema.parse({ ...session.capabilities }), hosts }
    })
  } catch (error) {
    throw error instanceof ProviderFault
      ? new ProblemError(faultProblem(error, provider.name), { cause: error })
      : error
  }
}

/** Where the provider can tell, a reference that it does not have is refused now and not at the first machine. */
export async function checkImages(
  session: Session,
  images: Readonly<Record<string, ImageMapping>>,
  signal: AbortSignal,
): Promise<void> {
  const errors: { pointer: string; detail: string }[] = []
  for (const [name, { ref }] of Object.entries(images)) {
    const there = (await session.hasImage?.(ref, signal)) ?? true
    if (!there) errors.push({ pointer: `/images/${name}/ref`, detail: `the provider has no image ${ref}` })
  }
  const refusal = invalidFields(errors, 'Name a reference that the provider has, or put the image there first.')
  if (refusal) throw refusal
}
