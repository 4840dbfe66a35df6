import { existsSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { ScriptAttempt } from '../../../src/bootstrap/index.ts'
import { ProblemError } from '../../../src/kernel/problem.ts'
import { shell, startText } from './shell.ts'

const shells = ['/bin/sh', '/bin/bash'].filter((path) => existsSync(path))

describe.each(shells)('the runner in %s', (sh) => {
  test('passes every character but NUL to the script, in text and in environment', async () => {
    await using machine = await shell(sh)
    const all = Array.from({ length: 0x2ff }, (_, i) => String.fromCodePoint(i + 1)).join('')
    const script = `# ${all.replaceAll('\n', '')}\nprintf 'A=%s\\n' "$(printf %s "$ALL" | base64 | tr -d '\\n')" > $GANTRY_OUTPUT`
    const status = await machine.start('att_a', script, 30_000, { env: { ALL: `${all}😀'"$x\\` } })
    if (status.kind !== 'ended') throw new Error(status.kind)
    expect(Buffer.from(status.outputs.A ?? '', 'base64').toString()).toBe(`${all}😀'"$x\\`)
    expect((await machine.read('att_a', 'script')).startsWith(`# ${all.replaceAll('\n', '')}\n`)).toBe(true)
  })

  test('gives the script nothing of its own: not its variables, nor its umask, nor its folder', async () => {
    await using machine = await shell(sh)
    const script = 'echo "$(umask) $(pwd) $(env | grep -c "^g_\\|^GANTRY_ENV")"; cat; tty'
    expect(await machine.start('att_a', script, 30_000)).toMatchObject({ kind: 'ended' })
    expect(await machine.read('att_a', 'log')).toBe('0022 / 0\nnot a tty\n')
  })

  test('ends with the script though a daemon of it lives on and holds the log', async () => {
    await using machine = await shell(sh)
    const script = 'sleep 20 & echo $! > "$GANTRY_ROOT/trace"; echo started'
    expect(await machine.start('att_a', script, 10_000)).toMatchObject({ kind: 'ended', logBytes: 8 })
    const daemon = Number(await machine.trace())
    expect(process.kill(daemon, 0)).toBe(true)
    process.kill(daemon, 'SIGKILL')
  })

  test('keeps outputs that fit in 64 KiB and none in half', async () => {
    await using machine = await shell(sh)
    const script = 'for i in 1 2 3; do printf "K$i="; head -c 30000 /dev/zero | tr "\\0" v; echo; done > $GANTRY_OUTPUT'
    const status = await machine.start('att_a', `${script}\necho 'not an output' >> $GANTRY_OUTPUT`, 30_000)
    if (status.kind !== 'ended') throw new Error(status.kind)
    expect(Object.entries(status.outputs).map(([key, value]) => [key, value.length])).toEqual([
      ['K1', 30_000],
      ['K2', 30_000],
    ])
  })

  test.each([
    [
      'another boot',
      (owner: string) => owner.replace(/ [^ ]+\n$/, ' 11111111-2222-3333-4444-555555555555\n'),
      /started again/,
    ],
    [
      'a process whose number another has now',
      (owner: string) => owner.replace(/^run (\d+) \d+/, 'run $1 1'),
      /killed/,
    ],
    ['a record that lost power before it was written', () => '', /lost power/],
  ])('calls an attempt lost that is recorded under %s', async (_what, forge, detail) => {
    await using machine = await shell(sh)
    await machine.start('att_a', 'while [ ! -e "$GANTRY_ROOT/go" ]; do sleep 0.02; done', 0)
    const owner = await machine.read('att_a', 'owner')
    await machine.write('att_a', 'owner', forge(owner))
    expect(await machine.look('att_a')).toMatchObject({ kind: 'lost', detail: expect.stringMatching(detail) })
    await writeFile(join(machine.root, 'go'), '')
  })

  test('removes the records of old attempts, and never starts one of those again', async () => {
    await using machine = await shell(sh)
    const folder = join(machine.root, 'var/lib/gantry/attempts')
    const id = (n: number) => `att_${String(n).padStart(4, '0')}`
    for (let n = 0; n < 401; n++) {
      await mkdir(join(folder, id(n)), { recursive: true })
      if (n !== 7) await writeFile(join(folder, id(n), 'exit.0'), '')
    }
    await machine.write(id(7), 'owner', 'lost for a test\n')
    expect((await machine.start(id(900), 'true', 30_000)).kind).toBe('ended')
    const left = await readdir(folder)
    expect([left.length, left[0], left[1]]).toEqual([201, id(7), id(202)])
    expect(await machine.start(id(3), 'echo again > "$GANTRY_ROOT/trace"', 500)).toMatchObject({ kind: 'lost' })
    expect(await machine.look(id(202))).toMatchObject({ kind: 'ended' })
    expect(await machine.trace()).toBe('')
  })

  test('runs nothing of a request that was cut anywhere', async () => {
    await using machine = await shell(sh)
    const request = startText('att_a', 'echo ran > "$GANTRY_ROOT/trace"', 0)
    const cuts = [...Array.from({ length: 20 }, (_, i) => 2 + i), 100, 500, 1_000, 2_000, 4_000, request.length - 40]
    for (const cut of cuts) await machine.send(request.slice(0, -cut))
    expect(existsSync(join(machine.root, 'var'))).toBe(false)
    expect(await machine.trace()).toBe('')
  })
})

test.each<[string, Partial<ScriptAttempt>]>([
  ['a folder outside', { id: '../x' }],
  ['a scope with a slash', { fenceScope: 'a/b' }],
  ['a variable that is none', { env: { 'A;B': '1' } }],
  ['a NUL character', { env: { A: '\0' } }],
  ['an environment too large for a process', { secretEnv: { A: 'x'.repeat(140_000) } }],
  ['half a fence', { fence: 1.5 }],
])('%s is refused before anything is sent', (_what, over) => {
  expect(() => startText(over.id ?? 'att_a', 'true', 0, over)).toThrow(ProblemError)
})
