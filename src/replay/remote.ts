// Machines that answer as the recorded ones did: each attempt takes as long as it took, says what it said, and ends as it
// ended. What was under way when the journal was written is under way for ever.

import {
  type AttemptStatus,
  type Remote,
  RemoteFault,
  type RemoteTarget,
  type ScriptAttempt,
} from '../bootstrap/remote.ts'
import type { JournalAttempt } from '../kernel/journal.ts'
import type { Clock } from '../kernel/seams.ts'
import type { ReplayCloud } from './cloud.ts'
import type { Recording } from './script.ts'

interface Folder {
  status: AttemptStatus
  readonly log: Uint8Array
}

/** Stands for an output that the journal does not tell; long enough to be a secret. */
const untold = 'not-told-by-the-journal'

const faults: Readonly<Record<string, RemoteFault['kind']>> = {
  host_key_changed: 'hostKeyChanged',
  login_denied: 'loginDenied',
  machine_unreachable: 'protocol',
}

/** `keyOf` makes keys of a replay comparable with the recorded ones. */
export function replayRemote(
  cloud: ReplayCloud,
  recording: Recording,
  clock: Clock,
  keyOf: (step: string) => string,
): Remote {
  const folders = new Map<string, Folder>()
  const proven = new Set<string>()

  function memberOf(target: RemoteTarget): string {
    const member = target.endpoints.map(({ address }) => cloud.memberAt(address)).find((found) => found !== undefined)
    if (member === undefined) throw new RemoteFault('unreachable', 'the machine does not answer')
    return member
  }

  function launch([attempt, ...rest]: readonly ScriptAttempt[]): void {
    if (!attempt || folders.has(attempt.id)) return
    const recorded = recording.nextAttempt(keyOf(attempt.stepKey))
    const log = Buffer.from(recorded?.log ?? '')
    const folder: Folder = { log, status: { kind: 'running', logBytes: log.length } }
    folders.set(attempt.id, folder)
    if (recorded?.endedAt == null || recorded.outcome === 'abandoned') return
    clock.sleep(recorded.endedAt - recorded.startedAt).then(
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
      if (proven.has(member)) return
      const trouble = recording.nextTrouble(step)
      const fault = faults[trouble?.code ?? '']
      if (fault) throw new RemoteFault(fault, trouble?.detail ?? 'as recorded')
      if (!recording.everDone(step)) throw new RemoteFault('unreachable', 'it never answered')
      proven.add(member)
    },
    async start(target, journey, waitMs, signal) {
      memberOf(target)
      launch(journey)
      return waited(journey[0].id, waitMs, signal)
    },
    async stop(_target, attempt) {
      if (!folders.has(attempt.id)) folders.set(attempt.id, { status: { kind: 'stopped' }, log: new Uint8Array() })
      return statusOf(attempt.id)
    },
    async look(target, id, waitMs, signal) {
      memberOf(target)
      return waited(id, waitMs, signal)
    },
    async log(_target, id, offset, maxBytes) {
      return folders.get(id)?.log.subarray(offset, offset + maxBytes) ?? new Uint8Array()
    },
    // Checks are recorded nowhere: whoever answers is well, and deaths come from the journal.
    async check(target) {
      memberOf(target)
      return { exitCode: 0, said: '' }
    },
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
