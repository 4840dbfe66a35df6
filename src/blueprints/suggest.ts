/** `Did you mean x?` for the nearest of the known words, or undefined when none is near. */
export function didYouMean(word: string, known: Iterable<string>): string | undefined {
  let best: { readonly word: string; readonly distance: number } | null = null
  for (const candidate of known) {
    if (word.length >= 3 && candidate.startsWith(word)) return `Did you mean ${candidate}?`
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (best === null || distance < best.distance) best = { word: candidate, distance }
  }
  const near = Math.max(1, Math.floor(word.length / 3))
  return best !== null && best.distance <= near ? `Did you mean ${best.word}?` : undefined
}

const shownWords = 12

/** `Did you mean x?`, or else what there is to choose from. */
export function suggest(word: string, known: Iterable<string>): string {
  const all = [...known]
  const more = all.length > shownWords ? `, and ${all.length - shownWords} more` : ''
  const list = all.length === 0 ? 'There is none.' : `There is ${all.slice(0, shownWords).join(', ')}${more}.`
  return didYouMean(word, all) ?? list
}

/** Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other. */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, j) => j)
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const replaced = at(last, j - 1) + (from[i - 1] === to[j - 1] ? 0 : 1)
      let best = Math.min(at(last, j) + 1, at(row, j - 1) + 1, replaced)
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) {
        best = Math.min(best, at(beforeLast, j - 2) + 1)
      }
      row.push(best)
    }
    beforeLast = last
    last = row
  }
  return at(last, to.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY
}
