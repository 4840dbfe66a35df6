// Identity is put into a machine before it first runs: its host key, so that we know whom we talk to on the first
// connection, and the platform's key, so that nobody else's is needed. Through the file API, so that no secret stands
// in the instance's configuration, where everybody who may look at the project could read it.

import type { MachineRequest } from '../../src/provider/contract.ts'
import { ProviderFault } from '../../src/provider/fault.ts'
import type { Api, FileToPut } from './api.ts'

interface Account {
  readonly uid: number
  readonly gid: number
  readonly home: string
}

/** The account of a login name in the text of /etc/passwd. */
export function accountOf(passwd: string, name: string): Account | undefined {
  for (const line of passwd.split('\n')) {
    const [login, , uid, gid, , home] = line.split(':')
    if (login === name && home !== undefined) return { uid: Number(uid), gid: Number(gid), home }
  }
  return undefined
}

/** What is placed for a request. */
export function identityFiles(request: MachineRequest, account: Account): FileToPut[] {
  const { uid, gid, home } = account
  const root = { uid: 0, gid: 0 }
  return [
    { path: `${home}/.ssh`, mode: '0700', uid, gid },
    { path: `${home}/.ssh/authorized_keys`, mode: '0600', uid, gid, content: `${request.authorizedKey.trim()}\n` },
    { path: '/etc/ssh/ssh_host_ed25519_key', mode: '0600', ...root, content: request.hostKey.privateKeyPem },
    {
      path: '/etc/ssh/ssh_host_ed25519_key.pub',
      mode: '0644',
      ...root,
      content: `${request.hostKey.publicKey.trim()}\n`,
    },
    { path: '/etc/hostname', mode: '0644', ...root, content: `${request.hostname}\n` },
  ]
}

/** Places them. Throws ProviderFault `rejected` when the image has no such login user. */
export async function placeIdentity(
  api: Api,
  name: string,
  request: MachineRequest,
  signal: AbortSignal,
): Promise<void> {
  const account = accountOf(await api.readFile(name, '/etc/passwd', signal), request.loginUser)
  if (!account) {
    const message = `image ${request.image} has no user ${request.loginUser}: correct the image's login user`
    throw new ProviderFault({ kind: 'rejected', outcome: 'none' }, message)
  }
  for (const file of identityFiles(request, account)) await api.putFile(name, file, signal)
}
