import type { Json } from '../kernel/canonical.ts'
import type { Blueprint } from './document.ts'

/** What a platform, or a member that is still behind it, is to be. */
export interface Wish {
  readonly revision: number
  readonly blueprint: Blueprint
  /** Complete, by resolveParameters. */
  readonly parameters: Readonly<Record<string, Json>>
}
