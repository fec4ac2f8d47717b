import { applyChange, lengthAfter } from './inode.js'
import type { CrashInode, FileChange } from './inode.js'
import type { CrashPlan } from './plan.js'
import { tearWrite } from './torn-write.js'
import type { PagedBytes } from '../vfs/paged-bytes.js'
import { TestRandom } from '../base/test-random.js'

const SECTOR_BYTES = 512

/** Which pending changes of a file system survive a power loss. */
export interface CrashDecision {
  /** Reports whether the directory operation with this sequence number survives. */
  keepsEntry(order: number): boolean
  /** Returns the surviving content of a file, in a new object. */
  contentOf(inode: CrashInode): PagedBytes
}

/**
 * Draws the random decisions that a plan leaves open.
 *
 * @param orders - sequence numbers of all pending operations, ascending.
 * @param writeOrders - sequence numbers of the pending file writes, ascending.
 */
export function decideCrash(
  plan: CrashPlan,
  orders: readonly number[],
  writeOrders: readonly number[],
): CrashDecision {
  const random = new TestRandom(plan.seed)
  switch (plan.mode) {
    case 'none':
      return { keepsEntry: () => false, contentOf: (inode) => inode.durable.clone() }
    case 'all':
    // The state that programs see. For `killed`, `CrashVfs` also preserves the disk's cache.
    case 'killed':
      return { keepsEntry: () => true, contentOf: everythingOf }
    case 'prefix':
      return keepPrefix(orders.length === 0 ? 0 : (orders[random.below(orders.length)] ?? 0))
    case 'torn': {
      if (writeOrders.length === 0) return keepPrefix(Infinity)
      return tearOne(random, random.pick(writeOrders), plan.damagesNeighbours)
    }
    case 'sectors': {
      const share = random.pick([0.1, 0.5, 0.9])
      return {
        keepsEntry: () => random.chance(0.5),
        contentOf: (inode) => mixSectors(inode, random, share, randomStep(inode, random)),
      }
    }
    case 'sizes':
      return {
        keepsEntry: () => true,
        contentOf: (inode) => mixSectors(inode, random, 0, inode.pending.length),
      }
    case 'data': {
      const names = random.chance(0.5)
      return { keepsEntry: () => names, contentOf: (inode) => mixSectors(inode, random, 1, 0) }
    }
    case 'names': {
      const share = random.pick([0.5, 1])
      return { keepsEntry: () => random.chance(share), contentOf: (inode) => inode.durable.clone() }
    }
  }
}

/** Keeps all operations before `cut`. */
function keepPrefix(cut: number): CrashDecision {
  return {
    keepsEntry: (order) => order < cut,
    contentOf: (inode) => prefixOf(inode, cut),
  }
}

function everythingOf(inode: CrashInode): PagedBytes {
  return inode.hasLost ? prefixOf(inode, Infinity) : inode.current.clone()
}

function prefixOf(inode: CrashInode, cut: number): PagedBytes {
  const content = inode.durable.clone()
  for (const change of inode.pending) if (change.order < cut) applyChange(content, change)
  return content
}

/** Keeps all operations before a write, a torn part of that write, and some later directory operations. */
function tearOne(random: TestRandom, tornOrder: number, damagesNeighbours: boolean): CrashDecision {
  return {
    keepsEntry: (order) => order < tornOrder || random.chance(0.2),
    contentOf: (inode) => {
      const content = prefixOf(inode, tornOrder)
      const torn = inode.pending.find((change) => change.order === tornOrder)
      if (torn?.kind === 'write') tearWrite(content, torn, random, damagesNeighbours)
      return content
    },
  }
}

/** Returns how many changes of length survive: lengths become durable in order, as in a metadata journal. */
function randomStep(inode: CrashInode, random: TestRandom): number {
  return random.below(inode.pending.length + 1)
}

/**
 * Keeps each sector of each write with probability `share`, and the lengths of the first `lengthSteps` changes. Bytes within
 * the length that were not kept read as zeros.
 */
function mixSectors(inode: CrashInode, random: TestRandom, share: number, lengthSteps: number): PagedBytes {
  const content = inode.durable.clone()
  let length = content.length
  inode.pending.forEach((change, step) => {
    const lengthKept = step < lengthSteps
    if (lengthKept) length = lengthAfter(change, length)
    if (change.kind === 'length') {
      if (lengthKept) content.resize(change.length)
    } else {
      keepSectors(content, change, random, share)
    }
  })
  content.resize(length)
  return content
}

function keepSectors(
  content: PagedBytes,
  change: Exclude<FileChange, { kind: 'length' }>,
  random: TestRandom,
  share: number,
): void {
  const { offset } = change
  const end = change.kind === 'zeros' ? change.end : offset + change.bytes.length
  for (let start = offset; start < end;) {
    const sectorEnd = Math.min(end, start + SECTOR_BYTES - (start % SECTOR_BYTES))
    if (share === 1 || (share > 0 && random.chance(share))) {
      if (change.kind === 'zeros') content.zero(start, sectorEnd)
      else content.write(change.bytes.subarray(start - offset, sectorEnd - offset), start)
    }
    start = sectorEnd
  }
}
