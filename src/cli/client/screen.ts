// A part of the terminal that is drawn again in place. Lines above it stay; when it is closed, what was last drawn stays too.

export interface Terminal {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

export interface Screen {
  /** Replaces what was drawn; the lines must be no wider than the terminal. */
  draw(lines: readonly string[]): void
  /** Leaves what was drawn and shows the cursor again. May be called more than once. */
  close(): void
}

/** Whether lines can be drawn again here. */
export function isLive(out: Terminal, env: NodeJS.ProcessEnv): boolean {
  return out.isTTY === true && env.TERM !== 'dumb'
}

const hideCursor = '\u001b[?25l'
const showCursor = '\u001b[?25h'
const clearDown = '\u001b[0J'

export function screenOn(out: Terminal): Screen {
  let drawn = 0
  let open = false
  return {
    draw(lines) {
      const home = drawn > 0 ? `\u001b[${drawn}A\r` : '\r'
      // One write, so that no half picture is ever seen.
      out.write(`${open ? '' : hideCursor}${home}${clearDown}${lines.map((line) => `${line}\n`).join('')}`)
      drawn = lines.length
      open = true
    },
    close() {
      if (open) out.write(showCursor)
      open = false
      drawn = 0
    },
  }
}

/** Columns and lines there are; where it does not say, those of an old terminal. */
export function sizeOf(out: Terminal): { columns: number; lines: number } {
  return { columns: out.columns || 80, lines: (out.rows || 24) - 1 }
}
