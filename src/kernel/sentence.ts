/** The text with the mark that ends it, where it has none: so that another sentence may follow. */
export function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`
}
