// Sizes as Incus writes them (doc/reference/instance_units): decimal and binary suffixes.

const decimal = ['', 'k', 'M', 'G', 'T', 'P', 'E']

/** Bytes of a text such as `512MiB`, `2GB`, `1024B` or `1024`; undefined when it is no size (a percentage, nothing). */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+)([kMGTPE]?)(i?)B?$/.exec(text.trim())
  if (!match) return undefined
  const [, count, prefix = '', binary] = match
  return Number(count) * (binary === 'i' ? 1024 : 1000) ** decimal.indexOf(prefix)
}
