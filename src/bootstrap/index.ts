export { type SshCrypto, sshCrypto } from './crypto.ts'
export * from './remote.ts'
export { type SshRemoteLimits, sshRemote } from './ssh-remote.ts'
