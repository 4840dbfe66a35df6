// The whole house against hostile machines: a platform on each, side by side, and each is ready, waits, or says what is
// wrong and what to do, until somebody does it.

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type HostileHouse, type Hostility, hostileHouse } from './house.ts'
import { pass, resetAt } from './wire.ts'

const files = {
  'blueprint.yaml': `
name: hostile
version: 1.0.0
parameters: { image: { type: image } }
groups:
  node: { count: 1, flavor: small, image: { param: image } }
steps:
  set-up: { on: each, run: scripts/set-up.sh }
  count: { on: any-healthy(node), once: true, needs: [{ step: set-up, of: all(node) }], run: scripts/count.sh, outputs: { marks: plain } }
outputs:
  marks: { from: count.marks }
`,
  'scripts/set-up.sh': `set -euo pipefail
printf x >> /root/marks
if [ -e /root/hold ]; then until [ -e /root/go ]; do sleep 0.05; done; fi
if [ -e /root/loud ]; then head -c 100000000 /dev/zero | tr '\\0' x; fi
echo set up`,
  'scripts/count.sh': `echo "marks=$(cat /root/marks)" >> "$GANTRY_OUTPUT"`,
}
const disk = { KiB: 512 }

/** By name: what is wrong with the machine. */
const hostilities = {
  plain: {},
  prints: {
    machine: {
      login: {
        shell: '#!/bin/bash\necho Welcome; printf "@gantry "\n/bin/bash "$@"\ncode=$?\necho Goodbye; exit $code\n',
        bashrc: 'echo "Last login: never"; echo noise >&2\n',
      },
    },
  },
  resets: {
    first: async ({ wire }) => {
      // Every connection ends a little later than the one before, in the handshake at first, then in mid-output.
      wire.rule = (...piece) => resetAt('toClient', wire.accepted * 200)(...piece)
    },
  },
  loud: { first: (machine) => machine.run('touch /root/loud') },
  future: { machine: { clock: '+365d' } },
  past: { machine: { clock: '-365d' } },
  reboots: { first: (machine) => machine.run('touch /root/hold') },
  stalls: {
    first: async ({ wire }) => {
      wire.door = 'silent'
    },
  },
  boots: { machine: { user: 'debian' }, first: (machine) => machine.run('echo System is booting up. > /run/nologin') },
  changed: {
    first: async (machine) => {
      await machine.run('cp /etc/ssh/host_key /etc/ssh/right_key')
      await machine.changeHostKey()
    },
  },
  asks: { machine: { user: 'debian', sudoers: 'ALL=(ALL) ALL' } },
  forced: { machine: { login: { shell: '#!/bin/sh\necho "Please login as the user cloud."\nexit 142\n' } } },
  reads: { machine: { login: { bashrc: 'read -r answer\n' } } },
  full: { machine: { disk }, first: (machine) => machine.run('cat /dev/zero > /var/lib/gantry/ballast; true') },
} as const satisfies Record<string, Hostility>
type Name = keyof typeof hostilities

let house: HostileHouse
const at = new Map<string, string>()

beforeAll(async () => {
  house = await hostileHouse(hostilities, files, { connectMs: 1_500, answerMs: 10_000 })
  for (const name of Object.keys(hostilities)) {
    const wish = { name, blueprint: 'hostile', parameters: { image: name } }
    const { status, body } = await house.api('POST', `/v1/projects/${house.project}/platforms`, wish)
    if (status !== 202) throw new Error(`${name}: ${JSON.stringify(body)}`)
    at.set(name, `/v1/platforms/${body.target.id}`)
  }
})
afterAll(async () => {
  await house[Symbol.asyncDispose]()
})

type Body = Awaited<ReturnType<HostileHouse['api']>>['body']

/** What `path` of the platform says once `holds`; fails with what it says last. */
async function once(name: Name, path: string, holds: (body: Body) => unknown): Promise<Body> {
  return vi.waitFor(
    async () => {
      const { body } = await house.api('GET', `${at.get(name)}${path}`)
      if (!holds(body)) throw new Error(`${name}: ${JSON.stringify(body, null, 1)}`)
      return body
    },
    { timeout: 90_000, interval: 100 },
  )
}

/** Waits until it is ready, and answers how often its script ran. */
async function runs(name: Name): Promise<number> {
  const body = await once(name, '', ({ state }) => state === 'ready')
  return body.outputs.marks.length
}

const retry = (name: Name) => house.api('POST', `${at.get(name)}/retry`)

describe('is ready, its script having run once', () => {
  test.each<Name>(['plain', 'prints', 'resets', 'future', 'past', 'loud'])('on a machine that is %s', async (name) => {
    expect(await runs(name)).toBe(1)
  })

  test('and the log of the loud one says that it was cut, and where the rest is', async () => {
    await runs('loud')
    const { body } = await house.api('GET', `${at.get('loud')}/logs?step=set-up&after=${2 ** 20 - 10}`)
    expect(body.items[0].text).toMatch(
      /^x{10}\n\[gantry: no more of this log is kept here; the machine has more: \S+\]\n$/,
    )
    const [, path] = /more: (\S+)\]/.exec(body.items[0].text) ?? []
    expect(await (await house.machine('loud')).run(`tail -c 100 ${path}`)).toContain('more bytes were dropped')
  })
})

test('on a machine rebooted in mid-script: it is run again, and said so', async () => {
  const machine = await house.machine('reboots')
  await vi.waitFor(() => machine.run('test -e /root/marks'), { timeout: 60_000 })
  await machine.reboot()
  await machine.run('touch /root/go')
  expect(await runs('reboots')).toBe(2)
  const { body } = await house.api('GET', `/v1/events?limit=1000`)
  expect(JSON.stringify(body)).toContain('the machine was started again')
})

describe('waits, and says for what', () => {
  test.each<[Name, RegExp, (name: Name) => Promise<unknown>]>([
    ['stalls', /does not answer: .* did not finish the handshake/, async (name) => open(name)],
    [
      'boots',
      /does not answer: .*System is booting up/,
      async (name) => (await house.machine(name)).run('rm /run/nologin'),
    ],
  ])('on a machine that %s, until it does not', async (name, reason, mend) => {
    const { waiting, next } = await once(
      name,
      '/explain',
      (body) => body.waiting[0]?.reason && reason.test(body.waiting[0].reason),
    )
    expect(waiting[0]).toMatchObject({ step: 'ssh/node-0@1', state: 'waiting', deadlineAt: expect.any(String) })
    expect(next).not.toEqual([])
    await mend(name)
    expect(await runs(name)).toBe(1)
  })
})

async function open(name: Name): Promise<void> {
  const { wire } = await house.machine(name)
  wire.door = 'open'
  wire.rule = pass
}

describe('names the problem and what to do, and is ready once it was done', () => {
  test.each<[Name, string, RegExp, RegExp, (name: Name) => Promise<unknown>]>([
    [
      'changed',
      'host_key_changed',
      /showed the host key ssh-ed25519 /,
      /Find out who answers/,
      async (name) => {
        const machine = await house.machine(name)
        await machine.changeHostKey(await machine.run('cat /etc/ssh/right_key'))
      },
    ],
    [
      'asks',
      'login_denied',
      /a password is required/,
      /sudo without a password/,
      async (name) => (await house.machine(name)).setSudoers('ALL=(ALL) NOPASSWD: ALL'),
    ],
    [
      'forced',
      'machine_unreachable',
      /Please login as the user cloud/,
      /login user and its login shell/,
      async (name) => (await house.machine(name)).setLogin({}),
    ],
    [
      'reads',
      'machine_unreachable',
      /reads standard input/,
      /a profile that asks nothing/,
      async (name) => (await house.machine(name)).setLogin({}),
    ],
    [
      'full',
      'disk_full',
      /has 0 KiB free/,
      /Make room/,
      async (name) => (await house.machine(name)).run('rm /var/lib/gantry/ballast'),
    ],
  ])('on a machine that %s', async (name, code, detail, next, mend) => {
    const told = await once(name, '/explain', (body) => body.waiting[0]?.problem)
    expect(told.waiting[0].problem).toMatchObject({
      code,
      detail: expect.stringMatching(detail),
      next: expect.stringMatching(next),
    })
    await mend(name)
    expect((await retry(name)).status).toBeLessThan(300)
    expect(await runs(name)).toBe(1)
  })
})

test('all of it can be deleted, whatever its machines do', async () => {
  for (const name of at.keys()) {
    const { wire } = await house.machine(name)
    wire.door = 'silent'
    wire.cut()
    const { status, body } = await house.api('DELETE', at.get(name) ?? '')
    expect({ status, body }).toMatchObject({ status: 202 })
  }
  for (const name of Object.keys(hostilities) as Name[]) await once(name, '', ({ state }) => state === 'deleted')
})
