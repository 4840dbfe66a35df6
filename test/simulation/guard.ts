// A history owns its world: whoever takes the real clock, a real timer, a socket or chance while one runs breaks it,
// because the same seed would not give the same history any more.

import childProcess from 'node:child_process'
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import timers from 'node:timers'
import timersPromises from 'node:timers/promises'

type Told = (what: string) => void

/** Who may: the runner of a test has timers of its own in the same process. */
const innocent = /node_modules\/(vitest|@vitest|tinypool|vite)\//
/** Forbids the real world until disposed; `told` hears of each use, which throws. */
export function ownWorld(told: Told): Disposable {
  const undo: (() => void)[] = []
  function forbid<O extends object, K extends keyof O & string>(owner: O, name: K, label: string): void {
    const real: unknown = owner[name]
    if (typeof real !== 'function') return
    const replacement = function (this: unknown, ...given: unknown[]): unknown {
      const frames = new Error(label).stack?.split('\n').slice(2) ?? []
      const caller = frames.find((frame) => !frame.includes('node:'))
      if (caller === undefined || innocent.test(caller)) return Reflect.apply(real, this, given)
      told(`${label} was used ${caller.trim()}`)
      throw new Error(`${label} is not to be used in a simulated history`)
    }
    Object.assign(replacement, real)
    Reflect.set(owner, name, replacement)
    undo.push(() => Reflect.set(owner, name, real))
  }
  forbid(globalThis, 'setTimeout', 'setTimeout')
  forbid(globalThis, 'setInterval', 'setInterval')
  forbid(globalThis, 'fetch', 'fetch')
  forbid(timers, 'setTimeout', 'setTimeout')
  forbid(timers, 'setInterval', 'setInterval')
  forbid(timersPromises, 'setTimeout', 'setTimeout')
  forbid(AbortSignal, 'timeout', 'AbortSignal.timeout')
  forbid(Date, 'now', 'Date.now')
  forbid(Math, 'random', 'Math.random')
  for (const name of ['randomBytes', 'randomUUID', 'randomInt', 'randomFillSync', 'getRandomValues'] as const)
    forbid(crypto, name, `crypto.${name}`)
  forbid(net.Socket.prototype, 'connect', 'a socket')
  forbid(net.Server.prototype, 'listen', 'a listening socket')
  for (const name of ['spawn', 'exec', 'execFile', 'fork', 'spawnSync', 'execFileSync'] as const)
    forbid(childProcess, name, `child_process.${name}`)
  syncBuiltinESMExports()
  return {
    [Symbol.dispose]() {
      for (const restore of undo.reverse()) restore()
      syncBuiltinESMExports()
    },
  }
}
