// Machines that answer as the recorded ones did: each attempt takes as long as it took, says what it said, and ends as it
// ended. What was under way when the journal was written is under way for ever.

import {
  type AttemptStatus,
  type Remote,
  RemoteFault,
  type RemoteTarget,
  type ScriptAttempt,
} from '../bootstrap/remote.ts'
import { type JournalAttempt, neverBegan } from '../kernel/journal.ts'
import type { Clock } from '../kernel/seams.ts'
import type { ReplayChecks } from './checks.ts'
import type { ReplayCloud } from './cloud.ts'
import type { Recording } from './recording.ts'

interface Folder {
  status: AttemptStatus
  readonly log: Uint8Array
  /** It was recorded, and nobody sent it to its machine: who stops it finds it not begun. */
  readonly unsent: boolean
}

/** Stands for an output that the journal does not tell; long enough to be a secret. */
const untold = 'not-told-by-the-journal'

/** A step that proves a machine asks again so soon, ms. */
const askMs = 500

export function replayRemote(cloud: ReplayCloud, recording: Recording, checks: ReplayChecks, clock: Clock): Remote {
  const folders = new Map<string, Folder>()

  function memberOf(target: RemoteTarget): string {
    const member = target.endpoints.map(({ address }) => cloud.memberAt(address)).find((found) => found !== undefined)
    if (member === undefined) throw new RemoteFault('unreachable', 'the machine does not answer')
    return member
  }

  function launch([attempt, ...rest]: readonly ScriptAttempt[]): void {
    if (!attempt || folders.has(attempt.id)) return
    const recorded = recording.nextAttempt(attempt.stepKey, clock.now())
    const log = Buffer.from(recorded?.log ?? '')
    const unsent = recorded !== undefined && neverBegan(recorded)
    const folder: Folder = { log, unsent, status: { kind: 'running', logBytes: log.length } }
    folders.set(attempt.id, folder)
    if (recorded?.endedAt == null || recorded.outcome === 'abandoned') return
    clock.sleep(recording.due(recorded.endedAt) - clock.now()).then(
      () => {
        folder.status = ended(recorded, attempt, log.length)
        if (folder.status.kind === 'ended' && folder.status.exitCode === 0) launch(rest)
      },
      () => undefined,
    )
  }

  const statusOf = (id: string): AttemptStatus => folders.get(id)?.status ?? { kind: 'absent' }

  async function waited(id: string, waitMs: number, signal: AbortSignal): Promise<AttemptStatus> {
    const until = clock.now() + waitMs
    while (statusOf(id).kind === 'running' && clock.now() < until) {
      await clock.sleep(Math.min(200, until - clock.now()), signal).catch(() => undefined)
      if (signal.aborted) throw new RemoteFault('broken', 'aborted')
    }
    return statusOf(id)
  }

  return {
    async prove(target) {
      const member = memberOf(target)
      const step = `ssh/${member}`
      const { next, at } = await recording.expected(step)
      // What is proven already is looked at again only to do it anew.
      const answers =
        next === undefined ? recording.everDone(step) : next.outcome === 'done' && clock.now() >= at - askMs
      if (!answers) throw new RemoteFault('unreachable', 'it does not answer yet')
    },
    async start(target, journey, waitMs, signal) {
      memberOf(target)
      launch(journey)
      return waited(journey[0].id, waitMs, signal)
    },
    async stop(_target, attempt) {
      const folder = folders.get(attempt.id)
      if (folder === undefined || folder.unsent)
        folders.set(attempt.id, { status: { kind: 'stopped' }, log: new Uint8Array(), unsent: true })
      return statusOf(attempt.id)
    },
    async look(target, id, waitMs, signal) {
      memberOf(target)
      return waited(id, waitMs, signal)
    },
    async log(_target, id, offset, maxBytes) {
      return folders.get(id)?.log.subarray(offset, offset + maxBytes) ?? new Uint8Array()
    },
    // Checks are recorded nowhere but where they found something.
    check: async (target, script) => checks.answer(memberOf(target), script),
    forget: () => undefined,
    async [Symbol.asyncDispose]() {},
  }
}

function ended(recorded: JournalAttempt, attempt: ScriptAttempt, logBytes: number): AttemptStatus {
  if (recorded.outcome === 'lost') return { kind: 'lost', detail: recorded.detail ?? 'as recorded', logBytes }
  const exitCode = recorded.exitCode ?? (recorded.outcome === 'done' ? 0 : 1)
  // Ended with 0 and failed: it gave no outputs.
  if (recorded.outcome !== 'done') return { kind: 'ended', exitCode, outputs: {}, logBytes }
  const outputs = Object.fromEntries(attempt.mustGive.map((name) => [name, recorded.outputs[name] ?? untold]))
  return { kind: 'ended', exitCode, outputs, logBytes }
}
