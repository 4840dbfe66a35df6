import fc from 'fast-check'
import { expect, test } from 'vitest'
import { realSeams } from '../kernel/real-seams.ts'
import { makeSshKeyPair } from './keys.ts'
import { redactedMark, redactor } from './redact.ts'

const secret = 'S3cr3t/Token+é=!'

/** Feeds `bytes` in pieces cut at `cuts`, giving back what was not consumed, as a follower of a log does. */
function inPieces(values: readonly string[], bytes: Buffer, cuts: readonly number[]): string {
  const red = redactor(values)
  const borders = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  const out: string[] = []
  let from = 0
  for (const to of [...borders, bytes.length]) {
    const { redacted, consumed } = red.scan(bytes.subarray(from, to), false)
    from += consumed
    out.push(new TextDecoder('utf-8', { fatal: true }).decode(redacted))
  }
  out.push(red.scan(bytes.subarray(from), true).redacted.toString())
  return out.join('')
}

test('a secret is redacted wherever chunks cut it, and all else passes unchanged', () => {
  const around = fc.string({ unit: 'grapheme', maxLength: 30 })
  fc.assert(
    fc.property(
      fc.array(around, { minLength: 1, maxLength: 5 }),
      fc.array(fc.nat(400), { maxLength: 12 }),
      (parts, cuts) => {
        const got = inPieces([secret], Buffer.from(parts.join(secret)), cuts)
        expect(got).toBe(parts.join(redactedMark))
      },
    ),
    { numRuns: 300 },
  )
})

test('base64 of a secret is redacted at every alignment, inside any text, in both alphabets, wrapped or not', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 100 }),
      fc.uint8Array({ maxLength: 20 }),
      fc.constantFrom<'base64' | 'base64url'>('base64', 'base64url'),
      fc.boolean(),
      fc.array(fc.nat(300), { maxLength: 6 }),
      (before, after, alphabet, wrapped, cuts) => {
        const encoded = Buffer.concat([before, Buffer.from(secret), after]).toString(alphabet)
        const printed = wrapped ? encoded.replace(/.{76}/g, '$&\n') : encoded
        const got = inPieces([secret], Buffer.from(`data: ${printed} end`), cuts)
        expect(got).toContain(redactedMark)
        // What is left decodes to less than 3 bytes of the secret on either side.
        const [left = '', right = ''] = got
          .replace('data: ', '')
          .replace(' end', '')
          .replaceAll('\n', '')
          .split(redactedMark)
        expect(left.length).toBeLessThanOrEqual(Math.ceil((before.length * 8) / 6))
        expect(right.length).toBeLessThanOrEqual(Math.ceil((after.length * 8) / 6) + 4)
      },
    ),
    { numRuns: 300 },
  )
})

test('a private key is redacted as a whole and line by line', () => {
  const { privateKeyPem, publicKey } = makeSshKeyPair(realSeams(), 'x')
  const red = redactor([privateKeyPem])
  expect(red.text(`key:\n${privateKeyPem}.`)).toBe(`key:\n${redactedMark}.`)
  const indented = red.text(privateKeyPem.replace(/^/gm, '   '))
  for (const line of privateKeyPem.split('\n').slice(1, -3)) expect(indented).not.toContain(line)
  expect(red.text(publicKey)).toBe(publicKey)
})

test('overlapping secrets leave no part of either', () => {
  const values = ['abcdefgh12345', '12345ijklmnop', 'abcdefgh']
  fc.assert(
    fc.property(fc.array(fc.nat(40), { maxLength: 6 }), (cuts) => {
      const got = inPieces(values, Buffer.from('<abcdefgh12345ijklmnop> <abcdefgh>'), cuts)
      expect(got).toBe(`<${redactedMark}> <${redactedMark}>`)
    }),
  )
})

test('a log that ends in the middle of a secret shows no half of it, and only a beginning is held back', () => {
  const red = redactor([secret])
  expect(red.text(`x ${secret.slice(0, 10)}`)).toBe(`x ${redactedMark}`)
  expect(red.scan(Buffer.from(`ready ${secret.slice(0, 3)}`), false)).toEqual({
    redacted: Buffer.from('ready '),
    consumed: 6,
  })
  expect(red.scan(Buffer.from('all is well\n'), false).consumed).toBe(12)
})

test('text made to hold everything back is taken for secret instead of growing without end', () => {
  const red = redactor(['aaaaaaaa'])
  const { redacted, consumed } = red.scan(Buffer.alloc(70_000, 'a'), false)
  expect(consumed).toBe(70_000)
  expect(redacted.toString()).toBe(redactedMark)
})

test('without secrets, bytes pass and a character is still not cut', () => {
  const red = redactor(['short'])
  expect(red.scan(Buffer.from('short é').subarray(0, -1), false)).toEqual({
    redacted: Buffer.from('short '),
    consumed: 6,
  })
})
