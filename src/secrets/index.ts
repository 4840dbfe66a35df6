export { makeSshKeyPair, type SshKeyPair, sshFingerprint } from './keys.ts'
export { loadMasterKey } from './master-key.ts'
export { type Redactor, redactedMark, redactor } from './redact.ts'
export { minSecretBytes, openVault, type SecretOwner, type SecretRef, type Vault } from './vault.ts'
