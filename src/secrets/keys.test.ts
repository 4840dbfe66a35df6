import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import { expect, test } from 'vitest'
import { realSeams } from '../kernel/real-seams.ts'
import { makeSshKeyPair, sshFingerprint } from './keys.ts'

const seams = realSeams()
const keygen = 'ssh-keygen'

test('ssh2 reads both halves and they sign for each other, whatever the comment is long', () => {
  for (let length = 0; length < 20; length++) {
    const pair = makeSshKeyPair(seams, 'c'.repeat(length))
    const secret = parsed(pair.privateKeyPem)
    const open = parsed(pair.publicKey)
    expect(secret.isPrivateKey()).toBe(true)
    expect(secret.getPublicSSH()).toEqual(open.getPublicSSH())
    expect(open.verify(Buffer.from('text'), secret.sign(Buffer.from('text')))).toBe(true)
  }
})

test('the same key serves as client key and as host key of a real connection', async () => {
  const host = makeSshKeyPair(seams, 'host')
  const user = makeSshKeyPair(seams, 'user')
  const server = new ssh2.Server({ hostKeys: [host.privateKeyPem] }, (client) => {
    client.on('error', () => undefined)
    client.on('authentication', (auth) => {
      const same = auth.method === 'publickey' && auth.key.data.equals(parsed(user.publicKey).getPublicSSH())
      if (same) auth.accept()
      else auth.reject(['publickey'])
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const client = new ssh2.Client()
  let seen = ''
  client.connect({
    host: '127.0.0.1',
    port: typeof address === 'object' && address ? address.port : 0,
    username: 'gantry',
    privateKey: user.privateKeyPem,
    hostVerifier: (key: Buffer) => {
      seen = key.toString('base64')
      return true
    },
  })
  await once(client, 'ready')
  expect(host.publicKey).toContain(seen)
  client.end()
  server.close()
})

test.skipIf(spawnSync(keygen, ['-?']).error !== undefined)('ssh-keygen reads it and agrees on the fingerprint', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-ssh-'))
  try {
    const pair = makeSshKeyPair(seams, 'team-a')
    const path = join(folder, 'key')
    writeFileSync(path, pair.privateKeyPem, { mode: 0o600 })
    expect(spawnSync(keygen, ['-y', '-f', path], { encoding: 'utf8' }).stdout.trim()).toBe(pair.publicKey)
    const shown = spawnSync(keygen, ['-l', '-f', path], { encoding: 'utf8' }).stdout
    expect(shown).toContain(sshFingerprint(pair.publicKey))
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('the same random source gives the same key, so that a history can be run again', () => {
  const fixed = { ...seams, random: { next: () => 0.5, bytes: (length: number) => new Uint8Array(length).fill(7) } }
  expect(makeSshKeyPair(fixed, 'a')).toEqual(makeSshKeyPair(fixed, 'a'))
})

function parsed(text: string): ssh2.ParsedKey {
  const key = ssh2.utils.parseKey(text)
  if (key instanceof Error) throw key
  return key
}
