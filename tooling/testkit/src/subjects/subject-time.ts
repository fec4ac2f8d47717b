import type { Vfs } from '@ldb/vfs'
import { promised } from '../violation.js'

/** Returns the clock of a file system, which must be one that a test moves. */
export function timeOf(vfs: Vfs): { advance(byMs: number): void } {
  const clock: unknown = vfs.clock
  promised(
    typeof clock === 'object' && clock !== null && 'advance' in clock,
    () => 'the clock must be one of a test',
  )
  return clock as { advance(byMs: number): void }
}
