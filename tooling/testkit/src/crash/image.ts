import { applyChange, lengthAfter } from './inode.js'
import type { CrashInode, FileChange } from './inode.js'
import type { CrashPlan } from './plan.js'
import { tearWrite } from './torn-write.js'
import type { PagedBytes } from '../vfs/paged-bytes.js'
import { TestRandom } from '../test-random.js'

const SECTOR_BYTES = 512

/** What of the pending changes of a file system a loss of power leaves. */
export interface CrashDecision {
  /** Says whether the operation on names with this number is left. */
  keepsEntry(order: number): boolean
  /** Returns the bytes that a file then has, in an object of their own. */
  contentOf(inode: CrashInode): PagedBytes
}

/**
 * Decides what a plan leaves open.
 *
 * @param orders - numbers of all pending operations, ascending.
 * @param writeOrders - numbers of those among them that are writes to files.
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
    // What programs see; the disk's cache is not kept by this, but by `CrashVfs`.
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

/** Everything before an operation. */
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

/** Everything before a write, that write in pieces, and of what came later now and then some. */
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

/** Lengths reach the device in order, as a journal of metadata has them: gives how many of the changes did. */
function randomStep(inode: CrashInode, random: TestRandom): number {
  return random.below(inode.pending.length + 1)
}

/**
 * Each sector of each write with a probability, and the lengths of the first `lengthSteps` changes: what is within
 * the length and was not written reads as zeros.
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
