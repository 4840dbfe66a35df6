import { sshKey } from '../blueprints/index.ts'
import type { MemberView, PlatformView } from '../engine/index.ts'

/**
 * Whether the member's machine is lost for certain: a scan, or a step that looked for it, has said so. Who repairs and who
 * counts a quorum must mean the same by it, or the last voter is replaced by one whom nobody can admit.
 */
export function isDead(view: Pick<PlatformView, 'records' | 'restarts'>, { ref, machine }: MemberView): boolean {
  if (machine.missing) return true
  for (const record of view.records.values()) {
    if (record.member !== ref || record.status !== 'blocked') continue
    if (record.problem?.code === 'machine_dead') return true
    // It was started anew and does not answer: a start mends nothing more.
    if (record.key === sshKey(ref) && view.restarts.has(ref)) return true
  }
  return false
}
