// Widths are counted in columns of a terminal, not in code units: colours take none, and a cut line must not cut one.

import { stripVTControlCharacters, styleText } from 'node:util'

export type Tone = 'good' | 'busy' | 'bad' | 'quiet' | 'strong' | 'plain'
/** Puts a tone on a text, or leaves it alone where colours are not wanted. */
export type Paint = (tone: Tone, text: string) => string

const styles = { good: 'green', busy: 'yellow', bad: 'red', quiet: 'dim', strong: 'bold' } as const

const esc = '\u001b'
const colourCode = new RegExp(`(${esc}\\[[0-9;]*m)`)

export const noPaint: Paint = (_, text) => text
export const colours: Paint = (tone, text) =>
  tone === 'plain' || text === '' ? text : styleText(styles[tone], text, { validateStream: false })

/** Colours for a terminal that wants them (https://no-color.org). */
export function paintFor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): Paint {
  return stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb' ? colours : noPaint
}

export function width(text: string): number {
  return [...stripVTControlCharacters(text)].length
}

export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)))
}

/** At most `columns` wide, with an ellipsis where something was cut; colours before the cut stay and are closed. */
export function cut(text: string, columns: number): string {
  if (width(text) <= columns) return text
  let out = ''
  let room = columns - 1
  for (const part of text.split(colourCode)) {
    if (part.startsWith(esc)) {
      out += part
    } else if (room > 0) {
      const kept = [...part].slice(0, room)
      room -= kept.length
      out += kept.join('') + (room === 0 ? '…' : '')
    }
  }
  return out
}

/** Text from a server goes to a terminal without control characters, which could move the cursor or fake output. */
export function tame(text: string): string {
  return stripVTControlCharacters(text).replace(/(?![\t\n])\p{Cc}/gu, '')
}

/** `1 machine`, `3 machines`. */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`
}

/** `absentByConsistentLookup` as a reader says it: `absent by consistent lookup`. */
export function words(camel: string): string {
  return camel.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}
