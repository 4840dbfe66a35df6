// ssh2 falls back to JavaScript crypto without a word when its native part is missing or was built for another Node.
// Both are correct; the native one saves a quarter of the CPU of a connection.

import { createRequire } from 'node:module'
import { z } from 'zod'

export interface SshCrypto {
  readonly kind: 'native' | 'javascript'
  /** One sentence for `gantry doctor`. */
  readonly detail: string
}

const cryptoModule = z.object({ bindingAvailable: z.boolean() })

/** Which crypto SSH connections of this process use. */
export function sshCrypto(): SshCrypto {
  const { bindingAvailable } = cryptoModule.parse(createRequire(import.meta.url)('ssh2/lib/protocol/crypto.js'))
  return bindingAvailable
    ? { kind: 'native', detail: 'ssh2 uses its native crypto.' }
    : { kind: 'javascript', detail: 'ssh2 uses JavaScript crypto; npm run native builds its native part (saves CPU).' }
}
