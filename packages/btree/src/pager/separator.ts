import { EXTENT_REFERENCE_BYTES } from '../format.js'
import type { PageMemory } from '../page/memory.js'
import type { OverflowExtents } from './overflow.js'
import { keyOffset, keyPartBytes, slotKeyBytes } from '../page/record.js'
import { sharedBytes } from '../page/edit.js'

/**
 * A key that tells two neighbours apart: the least one of the right side.
 *
 * @internal
 */
export interface Separator {
  /** The whole key. */
  readonly key: Uint8Array
  /** What stands in the page: the key, or its beginning and the reference of the run that holds it. */
  readonly part: Uint8Array
}

/**
 * Makes the shortest separator between two neighbouring keys, `left` below `right`; writes a run when even that is
 * too long for a page.
 *
 * @internal
 */
export function makeSeparator(
  memory: PageMemory,
  runs: OverflowExtents,
  left: Uint8Array,
  right: Uint8Array,
): Separator {
  const key = right.slice(0, sharedBytes(left, right, right.length) + 1)
  if (key.length <= memory.keyPartMax) return { key, part: key }
  const part = new Uint8Array(memory.keyInlineBytes + EXTENT_REFERENCE_BYTES)
  part.set(key.subarray(0, memory.keyInlineBytes))
  part.set(runs.write(key, 0, key.length), memory.keyInlineBytes)
  return { key, part }
}

/** Takes the separator of a branch slot as it is, run and all. @internal */
export function takeSeparator(memory: PageMemory, page: number, slot: number, key: Uint8Array): Separator {
  const at = keyOffset(memory, page, slot)
  const bytes = keyPartBytes(memory, slotKeyBytes(memory, page, slot))
  return { key, part: memory.bytes.slice(at, at + bytes) }
}
