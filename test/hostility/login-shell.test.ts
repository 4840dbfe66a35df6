// Login shells that say and do what they like before, while and after they run our command.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Login } from './machine.ts'
import { type Scene, scene } from './scene.ts'

const chatty = '#!/bin/bash\necho "Welcome to $HOSTNAME"\nprintf "Last login: never"\n'
const big = `head -c 3000000 /dev/zero | tr '\\0' 'm'`

describe.each([['root'], ['debian']])('as %s, a login shell', (user) => {
  let on: Scene
  let id = 'att_0'
  beforeAll(async () => {
    on = await scene({ user, sshd: ['Banner /etc/issue', 'PrintMotd yes'] }, { answerMs: 2_000 })
  })
  afterAll(() => on[Symbol.asyncDispose]())
  /** From now on it logs in like this. */
  const like = async (login: Login) => {
    id = `att_${Number(id.slice(4)) + 1}`
    await on.machine.setLogin(login)
    on.remote.forget(on.machine.target.incarnation)
  }

  test.each<[string, Login]>([
    ['that prints before our command', { shell: `${chatty}exec /bin/bash "$@"\n` }],
    ['that prints after it', { shell: `${chatty}/bin/bash "$@"\necho; echo Goodbye; exit 0\n` }],
    ['that prints without end of line', { shell: '#!/bin/bash\nprintf "@gantry "\n/bin/bash "$@"\nprintf bye\n' }],
    ['whose ~/.bashrc prints', { bashrc: 'echo "@gantry 00 ended 0 0"; echo oops >&2\n' }],
    ['that prints 3 MB', { bashrc: `${big}\n` }],
    [
      'whose ~/.bashrc prints while our command runs',
      { bashrc: '(for i in 1 2 3 4 5; do echo tick; sleep 0.05; done) &\n' },
    ],
    ['after a banner of sshd', {}],
    ['whose language and umask are odd', { bashrc: 'export LANG=tr_TR.UTF-8 LC_ALL=tr_TR.UTF-8; umask 777\n' }],
    ['that is sh', { shell: '#!/bin/sh\nexec /bin/sh "$@"\n' }],
  ])('%s is understood', async (_what, login) => {
    await like(login)
    const before = await on.marks()
    const script = `${on.mark}\nprintf text\necho id=a-7 >> "$GANTRY_OUTPUT"\nexit 4`
    expect(await on.start(id, script)).toEqual({ kind: 'ended', exitCode: 4, outputs: { id: 'a-7' }, logBytes: 4 })
    expect(await on.log(id)).toBe('text')
    expect(await on.look('att_none')).toEqual({ kind: 'absent' })
    expect((await on.marks()) - before).toBe(1)
  })

  test.each<[string, Login, string, RegExp]>([
    ['that lets nobody in', { shell: '#!/bin/sh\nexec /usr/sbin/nologin\n' }, 'protocol', /currently not available/],
    [
      'in whose place a command is forced',
      { shell: `#!/bin/sh\necho 'Please login as the user "cloud" rather than the user "${user}".'\nexit 142\n` },
      'protocol',
      /Please login as the user "cloud"/,
    ],
    ['that says nothing', { shell: '#!/bin/sh\nexit 0\n' }, 'protocol', /no answer of the runner/],
    ['that does not exist', { shell: '#!/no/such/shell\n' }, 'protocol', /no answer of the runner|such/],
    ['that finds no commands', { bashrc: 'PATH=/nowhere\n' }, 'protocol', /not found/],
    ['that never begins our command', { bashrc: 'sleep 1000\n' }, 'broken', /no answer in 2000 ms/],
    ['that asks something first', { bashrc: 'read -r answer\n' }, 'protocol', /standard input/],
    ['that reads some of what is ours', { bashrc: 'head -c 3000 > /dev/null\n' }, 'protocol', /standard input/],
    ['that reads all of what is ours', { bashrc: 'cat > /dev/null\n' }, 'protocol', /standard input/],
  ])('%s is named, and runs nothing', async (_what, login, kind, words) => {
    await like(login)
    const before = await on.marks()
    const script = `${`${on.mark}\n`.repeat(200)}exit 0`
    const fault = await on.start(id, script, 0).catch((error: unknown) => error)
    expect(fault).toMatchObject({ name: 'RemoteFault', kind, message: expect.stringMatching(words) })
    const tried = id
    await like({})
    expect(await on.look(tried)).toEqual({ kind: 'absent' })
    expect(await on.marks()).toBe(before)
  })
  // It is no reader's fault that the shell goes on once nobody reads: what then runs is found by looking, as always.
  test.each<[string, Login]>([
    ['that prints 100 MB', { bashrc: 'head -c 100000000 /dev/zero\n' }],
    ['that prints without end', { bashrc: 'yes\n' }],
  ])('%s is named, and a script runs once at most', async (_what, login) => {
    await like(login)
    const before = await on.marks()
    const fault = on.start(id, on.mark, 0)
    await expect(fault).rejects.toMatchObject({
      kind: 'protocol',
      message: expect.stringMatching(/more than \d+ bytes/),
    })
    const tried = id
    await like({})
    expect(await on.start(tried, on.mark)).toMatchObject({ kind: 'ended', exitCode: 0 })
    expect((await on.marks()) - before).toBe(1)
  })
})
