/** An arena is kept for the next cache when no more of it than this came into use: what it keeps from the system. */
export const SPARE_BYTES_MAX: number = 16 * 1024 * 1024
/** Smaller ones cost less to make than to keep. */
const ARENA_BYTES_MIN = 1024 * 1024

/** The bytes of a cache. */
export interface Arena {
  readonly bytes: Uint8Array
  /** Bytes from the beginning that may have come into use; behind them are zeros, which take no memory yet. */
  readonly touchedBytes: number
}

/** The one that was given back last. The collector may take it whenever it runs. */
let spare: WeakRef<Arena> | undefined

/**
 * Gives an arena of so many bytes: the one that was given back last, if it is that long, or a new one. What is in it means nothing.
 *
 * @remarks V8 answers an allocation of this size with a collection of garbage, and goes on to mark the whole heap: some
 * milliseconds, the largest part of opening a database again in a process that has just closed it.
 * @internal
 */
export function takeArena(byteCount: number): Arena {
  const left = spare?.deref()
  if (left === undefined || left.bytes.length !== byteCount) {
    return { bytes: new Uint8Array(new ArrayBuffer(byteCount)), touchedBytes: 0 }
  }
  spare = undefined
  return left
}

/** Takes an arena back that nobody looks into any more. @internal */
export function giveArena(arena: Arena): void {
  if (arena.bytes.length < ARENA_BYTES_MIN || arena.touchedBytes > SPARE_BYTES_MAX) return
  if (typeof WeakRef === 'function') spare = new WeakRef(arena)
}
