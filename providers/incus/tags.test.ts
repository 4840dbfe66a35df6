import { expect, test } from 'vitest'
import type { ResourceKey } from '../../src/provider/contract.ts'
import { nativeName } from './tags.ts'

const key = (text: string) => text as ResourceKey

test('a name is a DNS label that begins with the member, so that a person finds it in incus list', () => {
  const name = nativeName(key('ins_a/0/plt_b/worker-1@2'))
  expect(name).toMatch(/^g-worker-1-2-[0-9a-f]{32}$/)
})

test('the longest and the strangest member names still make a DNS label of at most 63 characters', () => {
  for (const member of ['x'.repeat(200), 'Ünïcödé_@1', '---', '', 'a.b.c@10', `${'ab-'.repeat(30)}@1`]) {
    const name = nativeName(key(`ins_a/0/plt_b/${member}`))
    expect(name).toMatch(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])$/)
    expect(name.length).toBeLessThanOrEqual(63)
  }
})

test('keys that differ only in platform, epoch, incarnation or case never share a name', () => {
  const keys = ['i/0/p/w-1@1', 'i/0/p/w-1@2', 'i/1/p/w-1@1', 'i/0/q/w-1@1', 'j/0/p/w-1@1', 'i/0/p/W-1@1', 'i/0/p/w-11@']
  expect(new Set(keys.map((text) => nativeName(key(text)))).size).toBe(keys.length)
})
