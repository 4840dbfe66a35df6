import ssh2, { type ParsedKey } from 'ssh2'
import { type Login, pinnedKey } from './handshake.ts'
import { RemoteFault, type RemoteTarget } from './remote.ts'

/** Keys as the handshake takes them. Throws RemoteFault `loginDenied` when our own key cannot be read. */
export function loginOf(target: Pick<RemoteTarget, 'user' | 'hostKey' | 'privateKeyPem'>): Login {
  const key: ParsedKey | Error = ssh2.utils.parseKey(target.privateKeyPem)
  if (key instanceof Error) throw new RemoteFault('loginDenied', `our own key cannot be read: ${key.message}`)
  return { user: target.user, key, hostKey: pinnedKey(target.hostKey) }
}
