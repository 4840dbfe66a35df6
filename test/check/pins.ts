// What was tested is what is installed: a range would let a registry choose.

import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const kinds = ['dependencies', 'devDependencies', 'optionalDependencies'] as const

/** Answers each dependency below `top` whose version is a range or a tag. */
export function looseVersions(top: string): string[] {
  const files = globSync(['package.json', 'test/**/package.json'], {
    cwd: top,
    exclude: (name) => name === 'node_modules',
  })
  if (files.length === 0) return ['no package.json found']
  return files.flatMap((file) => {
    const manifest: Partial<Record<(typeof kinds)[number], Record<string, string>>> = JSON.parse(
      readFileSync(join(top, file), 'utf8'),
    )
    return kinds.flatMap((kind) =>
      Object.entries(manifest[kind] ?? {})
        .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
        .map(([name, version]) => `${file}: ${name} is "${version}"; write the exact version`),
    )
  })
}
