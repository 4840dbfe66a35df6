// Power calls: accepted by the server, not awaited; the next look tells.

import type { OwnerTag, ResourceKey } from '../../src/provider/contract.ts'
import { ProviderFault } from '../../src/provider/fault.ts'
import type { Api } from './api.ts'
import { instanceSchema, isOurs } from './instance.ts'
import { nativeName } from './tags.ts'

const actions = { on: 'start', off: 'stop', shutdown: 'stop', reset: 'restart' } as const

function actionOf(to: keyof typeof actions, running: boolean, frozen: boolean): string {
  if (frozen && to === 'on') return 'unfreeze'
  // A stopped machine cannot be restarted, but what was asked for is a running one.
  return to === 'reset' && !running ? 'start' : actions[to]
}

/** Throws ProviderFault `gone` when there is no such machine of ours. */
export async function powerMachine(
  api: Api,
  owner: OwnerTag,
  key: ResourceKey,
  to: keyof typeof actions,
  signal: AbortSignal,
): Promise<void> {
  const name = nativeName(key)
  const found = await api.get(`/instances/${name}`, instanceSchema, signal)
  if (!isOurs(found, owner, key)) {
    throw new ProviderFault({ kind: 'nameTaken', outcome: 'none' }, `${name} is not ours and is left alone`)
  }
  const frozen = found.status === 'Frozen'
  const running = frozen || ['Running', 'Ready', 'Thawed'].includes(found.status)
  if (running === (to === 'on') && to !== 'reset' && !frozen) return
  const action = actionOf(to, running, frozen)
  const force = to === 'off' || to === 'reset'
  await api.order(`/instances/${name}/state`, { action, timeout: 30, force }, signal)
}
