import { INVARIANTS } from '@ldb/base'

/** The memory of a memtable. */
export interface Arena {
  /** Sections and records. */
  readonly bytes: Uint8Array
  /** The same memory. */
  readonly words: Int32Array
  /** The hash table: all zeros when it is new. */
  readonly slots: Int32Array
}

const ARENA_BYTES_MIN = 4096
const SLOT_WORDS_MIN = 128

/** Arenas that are kept, and the largest one: a frozen memtable and an active one take turns. Stores share them. */
const KEPT_MAX = 2
const KEPT_BYTES_MAX = 64 << 20
/** What memory that was given away contains, where invariants are checked. */
const GARBAGE = 0xa5

const kept: Arena[] = []
/** Arenas of memtables. Without any, no store is open, and none is kept. */
let usedCount = 0

/** No memory: of a memtable that is not read any more. */
export const NO_ARENA: Arena = arenaOf(0, 2)

/**
 * Returns the memory of a memtable that is not read any more, if there is any: new memory costs a page fault for each 4 KiB, which is more than
 * the operations in them do, and makes the garbage collector run.
 *
 * @param byteCount - length of the arena if there is none.
 */
export function takeArena(byteCount: number): Arena {
  usedCount++
  const arena = kept.pop()
  if (arena === undefined) return arenaOf(Math.max(byteCount, ARENA_BYTES_MIN), SLOT_WORDS_MIN)
  arena.slots.fill(0)
  return arena
}

/** Keeps the memory of a memtable that is not read any more for another one, while there is another one. */
export function giveArena(arena: Arena): void {
  const { length } = arena.bytes
  if (--usedCount === 0) {
    kept.length = 0
    return
  }
  if (length <= ARENA_BYTES_MIN || length > KEPT_BYTES_MAX) return
  if (INVARIANTS) arena.bytes.fill(GARBAGE)
  kept.push(arena)
  if (kept.length <= KEPT_MAX) return
  // The smallest one is released.
  kept.sort((a, b) => b.bytes.length - a.bytes.length)
  kept.length = KEPT_MAX
}

function arenaOf(byteCount: number, slotWords: number): Arena {
  const bytes = new Uint8Array(byteCount)
  return { bytes, words: new Int32Array(bytes.buffer), slots: new Int32Array(slotWords) }
}
