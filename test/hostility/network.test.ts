// A network that lies between: silence, a banner that never ends, strangers, and resets at whatever byte.

import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { RemoteFault } from '../../src/bootstrap/index.ts'
import { realSeams } from '../../src/kernel/real-seams.ts'
import { scene } from './scene.ts'
import { pass, resetAt, stallAt, type Wire } from './wire.ts'

const { clock } = realSeams()

/** Writes a piece again and again until the other end goes away. */
function repeats(piece: string | Buffer, everyMs: number) {
  return (socket: Socket) => {
    const gone = new AbortController()
    socket.resume().once('close', () => gone.abort())
    const write = async () => {
      while (!gone.signal.aborted) {
        if (!socket.write(piece)) await new Promise((resolve) => socket.once('drain', resolve).once('close', resolve))
        await clock.sleep(everyMs, gone.signal)
      }
    }
    write().catch(() => undefined)
  }
}

/** The banner of an sshd, a byte at a time, for as long as somebody listens. */
function drips(socket: Socket) {
  const bytes = [...Buffer.from('SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7 and so on and on')]
  const gone = new AbortController()
  socket.resume().once('close', () => gone.abort())
  const write = async () => {
    for (const byte of bytes) {
      socket.write(Buffer.from([byte]))
      await clock.sleep(200, gone.signal)
    }
  }
  write().catch(() => undefined)
}

describe('a machine whose banner is stalled', () => {
  test.each<[string, Wire['door'], RegExp]>([
    ['that accepts and says nothing', 'silent', /did not finish the handshake in 1000 ms/],
    ['that says its banner a byte at a time', drips, /did not finish the handshake in 1000 ms/],
    ['that says lines before its banner, slowly and for ever', repeats('patience\r\n', 50), /1000 ms/],
    ['that says lines before its banner as fast as it can', repeats('x'.repeat(60_000), 0), /line too long/],
    ['that is a web server', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'), /before handshake/],
    ['that closes at once', (socket) => socket.end(), /before handshake/],
    ['that resets at once', (socket) => socket.resetAndDestroy(), /ECONNRESET/],
  ])('%s is told so within the limit, and spoken to once it answers', async (_what, door, words) => {
    await using on = await scene({}, { connectMs: 1_000 })
    on.machine.wire.door = door
    const fault = await on.start('att_a', 'exit 3').catch((error: unknown) => error)
    expect(fault).toBeInstanceOf(RemoteFault)
    expect(fault).toMatchObject({ kind: 'unreachable', message: expect.stringMatching(words) })
    on.machine.wire.door = 'open'
    expect(await on.start('att_a', 'exit 3')).toMatchObject({ kind: 'ended', exitCode: 3 })
  })

  test.each([25, 600, 1_500])('whose handshake stalls after %i bytes is told so within the limit', async (bytes) => {
    await using on = await scene({}, { connectMs: 1_000 })
    on.machine.wire.rule = stallAt('toClient', bytes)
    await expect(on.remote.prove(on.machine.target, new AbortController().signal)).rejects.toMatchObject({
      kind: 'unreachable',
      message: expect.stringMatching(/did not finish the handshake/),
    })
  })
})

describe('a connection that is reset', () => {
  const toClient = [0, 1, 30, 500, 1_200, 1_600, 2_000, 2_400, 2_600, 2_800, 3_000, 3_100, 3_200]
  const toServer = [0, 1, 30, 900, 1_300, 1_700, 2_000, 2_300, 3_000, 5_000, 8_000, 9_500, 9_900]
  test.each([
    ['to us', 'toClient', toClient],
    ['to the machine', 'toServer', toServer],
  ] as const)('at any byte on its way %s costs a fault, and the script runs once', async (_what, way, positions) => {
    await using on = await scene()
    const kinds = new Set<string>()
    for (const bytes of positions) {
      const id = `att_${way}_${String(bytes).padStart(6, '0')}`
      const before = await on.marks()
      on.machine.wire.rule = resetAt(way, bytes)
      on.remote.forget(on.machine.target.incarnation)
      const script = `${on.mark}\necho id=7 >> "$GANTRY_OUTPUT"\nexit 0`
      const first = await on.start(id, script).catch((error: unknown) => error)
      if (first instanceof Error) expect(first).toBeInstanceOf(RemoteFault)
      kinds.add(first instanceof RemoteFault ? first.kind : 'answered')
      on.machine.wire.rule = pass
      const seen = await on.look(id, 30_000)
      expect(['absent', 'ended']).toContain(seen.kind)
      expect(await on.start(id, script)).toEqual({ kind: 'ended', exitCode: 0, outputs: { id: '7' }, logBytes: 0 })
      expect((await on.marks()) - before).toBe(1)
    }
    expect([...kinds].filter((kind) => !['unreachable', 'broken', 'answered'].includes(kind))).toEqual([])
    expect(kinds).toContain('broken')
  })

  test('in the middle of a long request runs nothing of it', async () => {
    await using on = await scene()
    // Shell text, each line of which would leave a mark if any part of the request were run.
    const script = `${`${on.mark}\n`.repeat(3_000)}exit 0`
    for (const bytes of [40_000, 70_000, 100_000, 130_000]) {
      on.remote.forget(on.machine.target.incarnation)
      on.machine.wire.rule = resetAt('toServer', bytes)
      await expect(on.start('att_a', script)).rejects.toMatchObject({ kind: 'broken' })
      on.machine.wire.rule = pass
      expect(await on.look('att_a')).toEqual({ kind: 'absent' })
    }
    expect(await on.marks()).toBe(0)
    expect(await on.start('att_a', script)).toMatchObject({ kind: 'ended', exitCode: 0 })
    expect(await on.marks()).toBe(3_000)
  })

  test('in mid-output costs a fault, and what is read again is whole', async () => {
    await using on = await scene()
    const size = 4_000_000
    const script = `i=0; while [ $i -lt 40 ]; do printf '%0100000d' $i; i=$((i + 1)); done`
    expect(await on.start('att_a', script)).toMatchObject({ kind: 'ended', logBytes: size })
    const whole = Array.from({ length: 40 }, (_, i) => String(i).padStart(100_000, '0')).join('')
    for (const bytes of [4_000, 100_000, 1_000_000, 3_000_000, 5_000_000]) {
      on.remote.forget(on.machine.target.incarnation)
      on.machine.wire.rule = resetAt('toClient', bytes)
      await expect(on.log('att_a', 0, size)).rejects.toMatchObject({ kind: 'broken' })
    }
    on.machine.wire.rule = pass
    expect((await on.log('att_a', 0, size)) === whole).toBe(true)
  })

  test('while a script runs leaves it running, and its end is told to who asks again', async () => {
    await using on = await scene()
    const go = `${on.machine.folder}/go`
    const script = `${on.mark}\nwhile [ ! -e ${go} ]; do sleep 0.02; done\nexit 4`
    expect((await on.start('att_a', script, 0)).kind).toBe('running')
    const waiting = on.look('att_a', 60_000).catch((error: unknown) => error)
    await expect.poll(() => on.marks()).toBe(1)
    on.machine.wire.door = (socket) => socket.resetAndDestroy()
    on.machine.wire.cut()
    expect(await waiting).toMatchObject({ name: 'RemoteFault' })
    on.machine.wire.door = 'open'
    await on.machine.run(`touch ${go}`)
    expect(await on.end('att_a')).toMatchObject({ kind: 'ended', exitCode: 4 })
    expect(await on.marks()).toBe(1)
  })

  test('in no way, but silent in mid-output, is a broken call within the limit', async () => {
    await using on = await scene({}, { answerMs: 1_000 })
    await on.start('att_a', 'head -c 1000000 /dev/zero')
    on.remote.forget(on.machine.target.incarnation)
    on.machine.wire.rule = stallAt('toClient', 300_000)
    await expect(on.log('att_a', 0, 1_000_000)).rejects.toMatchObject({
      kind: 'broken',
      message: 'the machine gave no answer in 1000 ms',
    })
    on.machine.wire.rule = pass
    on.remote.forget(on.machine.target.incarnation)
    expect(await on.log('att_a', 0, 1_000_000)).toHaveLength(1_000_000)
  })
})
