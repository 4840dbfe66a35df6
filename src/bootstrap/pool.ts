// One connection for each incarnation of a machine, shared by everybody who talks to it, and closed when nobody has
// for a while. A connection proves one identity: if the pinned key, the user or our key changes, it is not reused.

import type { Client } from 'ssh2'
import type { Seams } from '../kernel/seams.ts'
import { handshake } from './handshake.ts'
import { loginOf } from './login.ts'
import { RemoteFault, type RemoteFaultKind, type RemoteTarget } from './remote.ts'
import { type Slots, slots } from './slots.ts'
import { ChannelRefused } from './speak.ts'

export interface PoolLimits {
  /** For one address: TCP, key exchange and login. */
  readonly connectMs: number
  /** An unused connection is closed after this long, at most a third later. */
  readonly idleMs: number
  /** Channels at once on one connection; OpenSSH's MaxSessions is 10 unless changed. */
  readonly channels: number
}

export interface Pool extends AsyncDisposable {
  /** Runs `work` with the target's connection, in its turn. Throws RemoteFault, the signal's reason, or what `work` throws. */
  use<T>(target: RemoteTarget, signal: AbortSignal, work: (client: Client) => Promise<T>): Promise<T>
  /** Connects if need be, without taking a turn. */
  connect(target: RemoteTarget, signal: AbortSignal): Promise<void>
  forget(incarnation: string): void
  /** Whether there is a connection, open or opening. */
  has(incarnation: string): boolean
}

interface Link {
  readonly identity: string
  readonly opening: Promise<Client>
  /** Ends the handshake, or the connection. */
  readonly close: () => void
  readonly turns: Slots
  users: number
  open: boolean
  lastUsedAt: number
}

export function pool(seams: Seams, limits: PoolLimits): Pool {
  const links = new Map<string, Link>()
  const stopping = new AbortController()
  let sweeping: Promise<void> | undefined

  function linkTo(target: RemoteTarget): Link {
    const identity = [target.user, target.hostKey, target.privateKeyPem].join('\n')
    const known = links.get(target.incarnation)
    if (known?.identity === identity) return known
    known?.close()
    if (stopping.signal.aborted) throw new RemoteFault('broken', 'Gantry is stopping')
    const abort = new AbortController()
    let client: Client | undefined
    const link: Link = {
      identity,
      opening: open(target, limits.connectMs, seams, abort.signal),
      close: () => {
        drop()
        abort.abort(new RemoteFault('broken', 'the connection was closed'))
        client?.end()
      },
      turns: slots(limits.channels),
      users: 0,
      open: false,
      lastUsedAt: seams.clock.now(),
    }
    const drop = () => {
      if (links.get(target.incarnation) === link) links.delete(target.incarnation)
    }
    links.set(target.incarnation, link)
    sweeping ??= sweep()
    link.opening.then((opened) => {
      client = opened
      link.open = true
      // Every call listens for the end of the connection.
      opened.setMaxListeners(limits.channels + 10)
      opened.on('close', drop)
      if (abort.signal.aborted) opened.end()
    }, drop)
    return link
  }

  /** Callers share one handshake; it is given up only when the last of them has gone away. */
  async function hold<T>(target: RemoteTarget, signal: AbortSignal, work: (link: Link, client: Client) => Promise<T>) {
    signal.throwIfAborted()
    const link = linkTo(target)
    link.users += 1
    try {
      return await work(link, await unlessAborted(link.opening, signal))
    } finally {
      link.users -= 1
      link.lastUsedAt = seams.clock.now()
      if (link.users === 0 && !link.open) link.close()
    }
  }

  /** A server that takes fewer channels than we open says so before it runs anything: then fewer are used. */
  async function inTurn<T>(link: Link, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    for (;;) {
      const giveBack = await link.turns.take(signal)
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof ChannelRefused)) throw error
        if (link.turns.taken <= 1) throw noChannel(error)
        link.turns.shrink()
      } finally {
        giveBack()
      }
    }
  }

  async function sweep(): Promise<void> {
    try {
      while (links.size > 0) {
        await seams.clock.sleep(limits.idleMs / 3, stopping.signal)
        const before = seams.clock.now() - limits.idleMs
        for (const link of [...links.values()]) if (link.users === 0 && link.lastUsedAt <= before) link.close()
      }
    } catch (error) {
      if (!stopping.signal.aborted) throw error
    } finally {
      sweeping = undefined
    }
  }

  return {
    use: (target, signal, work) => hold(target, signal, (link, client) => inTurn(link, signal, () => work(client))),
    connect: (target, signal) => hold(target, signal, async () => undefined),
    forget: (incarnation) => links.get(incarnation)?.close(),
    has: (incarnation) => links.has(incarnation),
    async [Symbol.asyncDispose]() {
      stopping.abort()
      for (const link of [...links.values()]) link.close()
      await sweeping
    },
  }
}

/** Tries each address in turn; of several faults the one that says most is thrown. */
async function open(target: RemoteTarget, limitMs: number, seams: Seams, signal: AbortSignal): Promise<Client> {
  const login = loginOf(target)
  const telling: readonly RemoteFaultKind[] = ['hostKeyChanged', 'loginDenied', 'protocol']
  const faults: RemoteFault[] = []
  for (const endpoint of target.endpoints) {
    try {
      return await handshake(login, endpoint, limitMs, seams, signal)
    } catch (error) {
      if (!(error instanceof RemoteFault) || signal.aborted) throw error
      faults.push(error)
    }
  }
  const best = telling.flatMap((kind) => faults.filter((fault) => fault.kind === kind))
  throw best[0] ?? faults[0] ?? new RemoteFault('unreachable', 'the machine has no address yet')
}

function noChannel(refused: ChannelRefused): RemoteFault {
  return new RemoteFault('protocol', `the machine opens no channel: ${refused.message}`, { cause: refused })
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
