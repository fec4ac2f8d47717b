import { sharedBytes } from '@ldb/base'

/** Largest used part of an arena that is kept for reuse: the memory that a spare arena withholds from the system. */
export const SPARE_BYTES_MAX: number = 16 * 1024 * 1024
/** Smallest arena that is kept for reuse. Smaller ones are cheaper to allocate than to keep. */
const ARENA_BYTES_MIN = 1024 * 1024

/** The frame memory of a cache. */
export interface Arena {
  readonly bytes: Uint8Array
  /** Upper bound of the used prefix. The bytes after it are zero and take no physical memory yet. */
  readonly touchedBytes: number
}

/** The most recently released arena. The garbage collector may reclaim it at any time. */
let spare: WeakRef<Arena> | undefined

/**
 * Returns an arena of `byteCount` bytes: the spare arena when it has that size, a new one otherwise. The content is
 * undefined.
 *
 * @remarks Reusing the spare arena avoids a garbage collection: V8 answers an allocation of this size with a full mark of the
 * heap, which takes some milliseconds, most of the time needed to reopen a database in the same process.
 * @internal
 */
export function acquireArena(byteCount: number): Arena {
  const reused = spare?.deref()
  if (reused === undefined || reused.bytes.length !== byteCount) {
    return { bytes: sharedBytes(byteCount), touchedBytes: 0 }
  }
  spare = undefined
  return reused
}

/** Makes an arena available for reuse. The caller must not access it afterwards. @internal */
export function releaseArena(arena: Arena): void {
  if (arena.bytes.length < ARENA_BYTES_MIN || arena.touchedBytes > SPARE_BYTES_MAX) return
  if (typeof WeakRef === 'function') spare = new WeakRef(arena)
}
