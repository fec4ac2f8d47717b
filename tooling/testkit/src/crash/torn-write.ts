import type { FileChange } from './inode.js'
import type { PagedBytes } from '../vfs/paged-bytes.js'
import type { TestRandom } from '../test-random.js'

/** Blocks that a device writes at once: within one of these a torn write may leave anything. */
const BLAST_RADII: readonly number[] = [512, 4096]

/**
 * Leaves a write to a file in pieces: each block of it is there or not, but one, in which bytes are new, old, zero or
 * random, changing at any byte.
 *
 * @param damagesNeighbours - what is spoilt is all of that block, and not only what was written to it.
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

/** Gives what is left of the bytes from `start` to `stop`, in up to four runs of one kind each. */
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
    const runEnd = random.chance(0.25) ? stop : random.between(at + 1, stop)
    const kind = random.pick(['new', 'old', 'zero', 'random'])
    for (let place = at; place < runEnd; place++) {
      const written = place >= offset && place < offset + bytes.length
      if (kind === 'zero') result[place - start] = 0
      else if (kind === 'random') result[place - start] = random.word()
      else if (kind === 'new' && written) result[place - start] = bytes[place - offset] ?? 0
    }
    at = runEnd
  }
  return result
}
