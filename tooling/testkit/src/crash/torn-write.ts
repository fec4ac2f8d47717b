import type { FileChange } from './inode.js'
import type { PagedBytes } from '../vfs/paged-bytes.js'
import type { TestRandom } from '../base/test-random.js'

/** Sizes of the blocks that a device writes as a unit. A torn write may leave anything within one of them. */
const BLAST_RADII: readonly number[] = [512, 4096]

/**
 * Applies a torn write to content. Each block of the write is applied or not. In one block the bytes are new, old, zero or
 * random, changing at any byte.
 *
 * @param damagesNeighbours - damages the whole of that block instead of only the written bytes.
 */
export function tearWrite(
  content: PagedBytes,
  change: Extract<FileChange, { kind: 'write' }>,
  random: TestRandom,
  damagesNeighbours: boolean,
): void {
  const { offset, bytes } = change
  if (bytes.length === 0) return
  const radius = random.pick(BLAST_RADII)
  const end = offset + bytes.length
  const firstBlock = Math.floor(offset / radius)
  const lastBlock = Math.floor((end - 1) / radius)
  const tornBlock = random.between(firstBlock, lastBlock)
  const inOrder = random.chance(0.5)
  for (let block = firstBlock; block <= lastBlock; block++) {
    if (block === tornBlock) continue
    if (inOrder ? block > tornBlock : random.chance(0.5)) continue
    const start = Math.max(offset, block * radius)
    content.write(bytes.subarray(start - offset, Math.min(end, (block + 1) * radius) - offset), start)
  }
  const tornStart = tornBlock * radius
  const tornEnd = tornStart + radius
  const start = damagesNeighbours ? tornStart : Math.max(offset, tornStart)
  const stop = damagesNeighbours ? Math.min(tornEnd, Math.max(end, content.length)) : Math.min(end, tornEnd)
  content.write(spoil(content, change, start, stop, random), start)
}

/** Returns the damaged bytes from `start` to `stop`, in up to four segments of one kind each. */
function spoil(
  content: PagedBytes,
  change: Extract<FileChange, { kind: 'write' }>,
  start: number,
  stop: number,
  random: TestRandom,
): Uint8Array {
  const { offset, bytes } = change
  const result = new Uint8Array(stop - start)
  content.read(result, 0, result.length, start)
  for (let at = start; at < stop;) {
    const segmentEnd = random.chance(0.25) ? stop : random.between(at + 1, stop)
    const kind = random.pick(['new', 'old', 'zero', 'random'])
    for (let position = at; position < segmentEnd; position++) {
      const written = position >= offset && position < offset + bytes.length
      if (kind === 'zero') result[position - start] = 0
      else if (kind === 'random') result[position - start] = random.word()
      else if (kind === 'new' && written) result[position - start] = bytes[position - offset] ?? 0
    }
    at = segmentEnd
  }
  return result
}
