// ssh2 takes longer to load than everything else together, and a server that has no machine yet needs none of it.

import type { Seams } from '../kernel/seams.ts'
import type { Remote } from './remote.ts'

/** The SSH remote, loaded when a machine is first spoken to. */
export function lazyRemote(seams: Seams): Remote {
  let loading: Promise<Remote> | undefined
  const loaded = () => {
    loading ??= import('./ssh-remote.ts').then(({ sshRemote }) => sshRemote(seams))
    return loading
  }
  return {
    prove: async (...call) => (await loaded()).prove(...call),
    start: async (...call) => (await loaded()).start(...call),
    stop: async (...call) => (await loaded()).stop(...call),
    look: async (...call) => (await loaded()).look(...call),
    log: async (...call) => (await loaded()).log(...call),
    check: async (...call) => (await loaded()).check(...call),
    // What was never loaded has no connection to forget.
    forget: (incarnation) => {
      loading?.then((remote) => remote.forget(incarnation)).catch(() => undefined)
    },
    async [Symbol.asyncDispose]() {
      await (await loading)?.[Symbol.asyncDispose]()
    },
  }
}
