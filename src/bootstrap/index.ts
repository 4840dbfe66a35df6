export { type SshCrypto, sshCrypto } from './crypto.ts'
export * from './remote.ts'
export { type SshRemoteLimits, sshRemote } from './ssh-remote.ts'
export { openTerminal, type TerminalAccess } from './terminal.ts'
