// A disk that is really full: a small file system under the runner's folder, filled before, during and after.

import { describe, expect, test } from 'vitest'
import { type Scene, scene } from './scene.ts'

const disk = { KiB: 512 }
const fill = 'cat /dev/zero > /var/lib/gantry/ballast 2> /dev/null; true'
const free = 'rm -f /var/lib/gantry/ballast'
const inodes = { KiB: 4_096, inodes: 40 }
const takeInodes = 'i=0; while touch /var/lib/gantry/ballast.$i; do i=$((i + 1)); done 2> /dev/null; true'
const freeInodes = 'rm -f /var/lib/gantry/ballast.*'

describe.each([['root'], ['debian']])('with login %s, a machine', (user) => {
  test.each([
    ['whose disk is full', disk, fill, free],
    ['that has no inode left', inodes, takeInodes, freeInodes],
    ['whose disk is read-only', disk, 'mount -o remount,ro /var/lib/gantry', 'mount -o remount,rw /var/lib/gantry'],
  ] as const)(
    '%s says so, begins nothing, tells what it knows, and works once there is room',
    async (_what, size, hurt, mend) => {
      await using on = await scene({ user, disk: size })
      await on.start('att_0', 'echo before; exit 5')
      await on.machine.run(hurt)
      const words = /\b0 KiB free|\b0 inodes|Read-only file system/
      for (const fence of [1, 2])
        await expect(on.start('att_a', on.mark, 0, { fence })).rejects.toMatchObject({
          kind: 'noSpace',
          message: expect.stringMatching(words),
        })
      expect(await on.look('att_a')).toEqual({ kind: 'absent' })
      expect(await on.look('att_0')).toMatchObject({ kind: 'ended', exitCode: 5 })
      expect(await on.log('att_0')).toBe('before\n')
      expect(await on.marks()).toBe(0)
      await on.machine.run(mend)
      expect(await on.start('att_a', on.mark, 30_000, { fence: 2 })).toMatchObject({ kind: 'ended', exitCode: 0 })
      expect(await on.marks()).toBe(1)
    },
  )
})

/** Starts a script that waits for `go`; answers how to let it go on. */
async function held(on: Scene, id: string, rest: string): Promise<() => Promise<unknown>> {
  const go = `${on.machine.folder}/go.${id}`
  const before = await on.marks()
  await on.start(id, `${on.mark}\nwhile [ ! -e ${go} ]; do sleep 0.02; done\n${rest}`, 0)
  await expect.poll(() => on.marks()).toBe(before + 1)
  return () => on.machine.run(`touch ${go}`)
}

describe('a disk that fills while a script runs', () => {
  test('by what the script prints costs the rest of its log, which says so, and not its end', async () => {
    await using on = await scene({ disk })
    const script = `head -c 3000000 /dev/zero | tr '\\0' x\necho last words\nexit 3`
    const status = await on.start('att_a', script)
    expect(status).toMatchObject({ kind: 'ended', exitCode: 3 })
    const size = status.kind === 'ended' ? status.logBytes : 0
    const log = await on.log('att_a', 0, 4_000_000)
    expect(log).toHaveLength(size)
    expect(log.slice(0, 100_000)).toBe('x'.repeat(100_000))
    expect(log).toMatch(/\n\[gantry: the disk of this machine was full.*\]\n$/)
    expect(await on.log('att_a', size - 10, 100)).toBe(log.slice(-10))
  })

  test.each([
    ['of bytes', disk, fill, free],
    ['of inodes', inodes, takeInodes, freeInodes],
  ] as const)('a script that ends without room (%s) has ended, with its code', async (_what, size, hurt, mend) => {
    await using on = await scene({ disk: size })
    const go = await held(on, 'att_a', 'exit 7')
    await on.machine.run(hurt)
    await go()
    expect(await on.end('att_a')).toMatchObject({ kind: 'ended', exitCode: 7 })
    await on.machine.run(mend)
    expect(await on.look('att_a')).toMatchObject({ kind: 'ended', exitCode: 7 })
    expect(await on.marks()).toBe(1)
  })

  test('an output that was cut is not taken for the whole one', async () => {
    await using on = await scene({ disk })
    // The first line fills a page but for ten bytes: the second is cut in its value.
    const page = `printf 'first=%04077d\\n' 0 >> "$GANTRY_OUTPUT"`
    const go = await held(
      on,
      'att_a',
      `${page}\n${fill}\nprintf 'id=%s\\n' abcdefghijklmnop >> "$GANTRY_OUTPUT"\nexit 0`,
    )
    await go()
    const status = await on.end('att_a')
    expect(status).toMatchObject({ kind: 'ended', exitCode: 0, outputs: { first: '0'.repeat(4077) } })
    expect(status).not.toHaveProperty('outputs.id')
    expect(await on.log('att_a')).toMatch(/No space left on device|the disk of this machine was full/)
  })

  test('what travels behind runs once all the same, at the latest when there is room', async () => {
    await using on = await scene({ disk })
    const usual = { fence: 1, fenceScope: 'plt_1', env: {}, secretEnv: {}, timeoutMs: 60_000, mustGive: [] }
    const leg = (id: string, script: string) => ({ ...usual, id, stepKey: `script/a@1/${id}`, script })
    const behind = leg('att_b', on.mark)
    await on.remote.start(on.machine.target, [leg('att_a', fill), behind], 30_000, new AbortController().signal)
    expect(await on.end('att_a')).toMatchObject({ kind: 'ended', exitCode: 0 })
    const early = await on.start('att_b', on.mark, 0).catch((error: unknown) => error)
    if (early instanceof Error) expect(early).toMatchObject({ kind: 'noSpace' })
    await on.machine.run(free)
    let status = await on.start('att_b', on.mark)
    if (status.kind === 'running') status = await on.end('att_b')
    expect(status).toMatchObject({ kind: 'ended', exitCode: 0 })
    expect(await on.marks()).toBe(1)
  })
})
