export { type SshCrypto, sshCrypto } from './crypto.ts'
export * from './remote.ts'
export { sshRemote } from './ssh-remote.ts'
