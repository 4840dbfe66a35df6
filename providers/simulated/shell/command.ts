import type { Result } from './inside.ts'

// Small words for writing commands.

export function ok(stdout = '', stderr = ''): Result {
  return { stdout, stderr, exitCode: 0 }
}

export function fail(exitCode: number, stderr: string, stdout = ''): Result {
  return { stdout, stderr: stderr === '' || stderr.endsWith('\n') ? stderr : `${stderr}\n`, exitCode }
}

/** A word as the shell reads it back unchanged. */
export function quote(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
