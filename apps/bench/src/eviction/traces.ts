import { Permutation } from '../data/permutation.js'
import { Xorshift } from '../data/random-picks.js'
import { Zipf } from '../data/zipf.js'

/** A sequence of page accesses. */
export interface Trace {
  readonly name: string
  readonly pages: Int32Array
  /** 1 for each access that the hit ratio counts. */
  readonly counted: Uint8Array
}

const THETA = 0.99
const SEED = 7

/**
 * Returns the traces for a cache of `frameCount` frames. Unless a trace says otherwise, it has ten times as many pages.
 */
export function tracesFor(frameCount: number): Trace[] {
  return [
    zipf(frameCount),
    zipfMoving(frameCount),
    zipfBesideScans(frameCount),
    hotAfterScan(frameCount),
    loop(frameCount),
    treeReads(frameCount),
  ]
}

function zipf(frameCount: number): Trace {
  const picks = zipfOf(frameCount)
  return traceOf('zipf 0.99', 300 * frameCount, () => picks())
}

function zipfMoving(frameCount: number): Trace {
  const pageCount = 10 * frameCount
  const picks = zipfOf(frameCount)
  const shiftAfter = 50 * frameCount
  return traceOf(
    'zipf 0.99, popular pages shifting',
    300 * frameCount,
    (index) => (picks() + Math.floor(index / shiftAfter) * 3001) % pageCount,
  )
}

/** Every second access belongs to a repeated scan of all pages, and is not counted. */
function zipfBesideScans(frameCount: number): Trace {
  const picks = zipfOf(frameCount)
  const pages = new Int32Array(300 * frameCount)
  const counted = new Uint8Array(pages.length)
  for (let index = 0; index < pages.length; index++) {
    counted[index] = index & 1
    pages[index] = counted[index] === 1 ? picks() : (index >> 1) % (10 * frameCount)
  }
  return { name: 'zipf 0.99 during scans', pages, counted }
}

/**
 * Half of the frames hold hot pages; a scan of all pages follows; the accesses to hot pages after the scan are counted.
 */
function hotAfterScan(frameCount: number): Trace {
  const random = new Xorshift(SEED)
  const hotCount = frameCount >> 1
  const roundLength = 30 * frameCount
  const pages = new Int32Array(8 * roundLength)
  const counted = new Uint8Array(pages.length)
  for (let index = 0; index < pages.length; index++) {
    const at = index % roundLength
    const isScan = at >= 20 * frameCount
    pages[index] = isScan ? hotCount + at - 20 * frameCount : Math.floor(random.next() * hotCount)
    counted[index] = index >= roundLength && at < hotCount ? 1 : 0
  }
  return { name: 'hot pages after a scan', pages, counted }
}

function loop(frameCount: number): Trace {
  const length = Math.floor(frameCount * 1.2)
  return traceOf('loop over 1.2 times the cache', 100 * frameCount, (index) => index % length)
}

/** Gets in a tree: the root, one of its branches, a leaf. */
function treeReads(frameCount: number): Trace {
  const random = new Xorshift(SEED)
  const leafCount = 10 * frameCount
  const branchCount = Math.ceil(leafCount / 150)
  let leaf = 0
  return traceOf('random gets in a tree', 300 * frameCount, (index) => {
    if (index % 3 === 0) leaf = Math.floor(random.next() * leafCount)
    if (index % 3 === 0) return leafCount + branchCount
    return index % 3 === 1 ? leafCount + Math.floor(leaf / 150) : leaf
  })
}

function zipfOf(frameCount: number): () => number {
  const permutation = new Permutation(10 * frameCount)
  const source = new Zipf(10 * frameCount, THETA, SEED)
  return () => permutation.at(source.next())
}

function traceOf(name: string, length: number, pageAt: (index: number) => number): Trace {
  return {
    name,
    pages: Int32Array.from({ length }, (_, index) => pageAt(index)),
    counted: new Uint8Array(length).fill(1),
  }
}
