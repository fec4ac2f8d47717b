import { EXTENT_REFERENCE_BYTES } from '../format.js'
import { sharedBytes } from '../page/prefix.js'
import type { PageLimits, PageMemory } from '../page/memory.js'
import { keyOffset, keyPartBytes, slotKeyBytes } from '../page/record.js'
import type { OverflowExtents } from './overflow-extents.js'

/**
 * The key that separates two adjacent children of a branch: a lower bound of the keys of the right child.
 *
 * @internal
 */
export interface Separator {
  /** The whole key. */
  readonly key: Uint8Array
  /** The key part of the branch record: the key, or its first bytes followed by the reference of the extent that stores all of it. */
  readonly part: Uint8Array
}

/**
 * Returns the shortest separator between two adjacent keys, `left` below `right`. Writes an extent when the separator is too
 * long for a page.
 *
 * @internal
 */
export function makeSeparator(
  limits: PageLimits,
  extents: OverflowExtents,
  left: Uint8Array,
  right: Uint8Array,
): Separator {
  const key = right.slice(0, sharedBytes(left, right, right.length) + 1)
  if (key.length <= limits.keyPartMax) return { key, part: key }
  const part = new Uint8Array(limits.keyInlineBytes + EXTENT_REFERENCE_BYTES)
  part.set(key.subarray(0, limits.keyInlineBytes))
  part.set(extents.writeKey(key, 0, key.length), limits.keyInlineBytes)
  return { key, part }
}

/** Returns the separator of a branch slot, which keeps its extent. @internal */
export function copySeparator(memory: PageMemory, page: number, slot: number, key: Uint8Array): Separator {
  const at = keyOffset(memory, page, slot)
  const bytes = keyPartBytes(memory, slotKeyBytes(memory, page, slot))
  return { key, part: memory.bytes.slice(at, at + bytes) }
}
