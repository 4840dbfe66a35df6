import { expect, test } from 'vitest'
import type { MachineRequest, OwnerTag, ResourceKey } from '../../src/provider/contract.ts'
import { configSchema, machineSpecSchema } from './config.ts'
import { accountOf, identityFiles } from './prepare.ts'
import { restrictions } from './rights.ts'
import { imageReference, instanceBody } from './spec.ts'

const key = 'ins_a/0/plt_b/worker-1@1' as ResourceKey
const request: MachineRequest = {
  owner: 'ins_a' as OwnerTag,
  hostname: 'team-a-worker-1',
  resources: { cpu: 2, memoryBytes: 2 ** 30, diskBytes: 10 * 2 ** 30 },
  image: 'debian',
  zone: 'z',
  host: null,
  spreadGroup: null,
  networks: [],
  loginUser: 'debian',
  authorizedKey: 'ssh-ed25519 AAAA platform',
  hostKey: { publicKey: 'ssh-ed25519 BBBB host', privateKeyPem: 'SECRET' },
  specHash: 'abc',
}
const network = { kind: 'static', bridge: 'br0', from: '10.0.0.1', to: '10.0.0.9', prefix: 24, gateway: '10.0.0.254' }
const own = machineSpecSchema.parse({ config: { 'limits.processes': '500' }, devices: { kmsg: { type: 'unix-char' } } })

test('an instance carries limits, tags and the static address after the raw.lxc lines that were configured', () => {
  const config = configSchema.parse({
    socket: '/s',
    pool: 'fast',
    network,
    machineConfig: { 'raw.lxc': 'lxc.a = b\n' },
  })
  expect(instanceBody(key, { ...request, own }, config, '10.0.0.3')).toEqual({
    name: expect.stringMatching(/^g-worker-1-1-/),
    type: 'container',
    profiles: [],
    source: { type: 'image', alias: 'debian' },
    config: {
      'raw.lxc': 'lxc.a = b\nlxc.net.0.ipv4.address = 10.0.0.3/24\nlxc.net.0.ipv4.gateway = 10.0.0.254',
      'limits.cpu': '2',
      'limits.memory': '1073741824B',
      'limits.processes': '500',
      'user.gantry.owner': 'ins_a',
      'user.gantry.key': key,
      'user.gantry.spec': 'abc',
      'user.gantry.shape': expect.stringMatching(/^[0-9a-f]{16}$/),
      'user.gantry.address': '10.0.0.3',
    },
    devices: {
      root: { type: 'disk', path: '/', pool: 'fast', size: '10737418240B' },
      eth0: { type: 'nic', nictype: 'bridged', parent: 'br0', name: 'eth0' },
      kmsg: { type: 'unix-char' },
    },
  })
})

test('no secret of a machine stands in the configuration that others may read', () => {
  const config = configSchema.parse({ socket: '/s' })
  expect(JSON.stringify(instanceBody(key, { ...request, own }, config, null))).not.toContain('SECRET')
})

test('a managed network gives a card each for the networks asked for, a static one refuses any but its bridge', () => {
  const managed = configSchema.parse({ socket: '/s' })
  expect(instanceBody(key, { ...request, own, networks: ['front', 'back'] }, managed, null)).toMatchObject({
    devices: { eth0: { network: 'front', name: 'eth0' }, eth1: { network: 'back', name: 'eth1' } },
  })
  const fixed = configSchema.parse({ socket: '/s', network })
  expect(() => instanceBody(key, { ...request, own, networks: ['other'] }, fixed, '10.0.0.3')).toThrow(
    'only network br0',
  )
})

test('an image is a fingerprint when it looks like one, else an alias', () => {
  expect(imageReference('6eb0d59ccd97')).toEqual({ fingerprint: '6eb0d59ccd97' })
  expect(imageReference('debian/12')).toEqual({ alias: 'debian/12' })
  expect(imageReference('deadbeef')).toEqual({ alias: 'deadbeef' })
})

test("identity goes to the login user's home with the user's own numbers, and only root reads the host key", () => {
  const passwd = 'root:x:0:0:root:/root:/bin/bash\ndebian:x:1000:1001::/home/debian:/bin/bash\n'
  const account = accountOf(passwd, 'debian')
  expect(account).toEqual({ uid: 1000, gid: 1001, home: '/home/debian' })
  expect(accountOf(passwd, 'deb')).toBeUndefined()
  const files = identityFiles(request, account ?? { uid: 0, gid: 0, home: '' })
  expect(files.map(({ path, mode, uid }) => [path, mode, uid])).toEqual([
    ['/home/debian/.ssh', '0700', 1000],
    ['/home/debian/.ssh/authorized_keys', '0600', 1000],
    ['/etc/ssh/ssh_host_ed25519_key', '0600', 0],
    ['/etc/ssh/ssh_host_ed25519_key.pub', '0644', 0],
    ['/etc/hostname', '0644', 0],
  ])
})

test('a restricted project is told what it must allow, and nothing that the configuration does not need', () => {
  const fixed = configSchema.parse({ socket: '/s', network, machineConfig: { 'security.nesting': 'true' } })
  const plain = configSchema.parse({ socket: '/s' })
  expect(restrictions({ restricted: 'true' }, plain, false)).toEqual([])
  expect(restrictions({}, fixed, true)).toEqual([])
  const missing = restrictions({ restricted: 'true', 'restricted.devices.nic': 'allow' }, fixed, false)
  expect(missing.map((text) => text.split('=')[0])).toEqual([
    'restricted.containers.lowlevel',
    'restricted.containers.nesting',
  ])
})
