import type { Vfs } from '@ldb/vfs'
import { assertGuarantee } from '../base/violation.js'

/** Returns the clock of a file system, which must be a test clock that can be advanced. */
export function timeOf(vfs: Vfs): { advance(byMs: number): void } {
  const clock: unknown = vfs.clock
  assertGuarantee(
    typeof clock === 'object' && clock !== null && 'advance' in clock,
    () => 'the clock must be a test clock',
  )
  return clock as { advance(byMs: number): void }
}
