import { compareBytes } from '@ldb/base'
import type { KeyBounds } from '@ldb/base'
import { slotCount } from '../page/page.js'
import { childChecksumHigh, childChecksumLow, childOf, copyKey } from '../page/record.js'
import type { Pages } from '../pager/pages.js'
import type { Root } from '../pager/root.js'

/** One of two trees that are compared. @internal */
export interface ComparedTree {
  readonly pages: Pages
  readonly root: Root
}

/** A page and its fences, as its parent describes it. */
interface Node {
  readonly root: Root
  readonly lower: Uint8Array | undefined
  readonly upper: Uint8Array | undefined
}

/** Reports whether checksums of two trees can be compared: those of one file, or of copies of it. @internal */
export function areComparable({ pages: a }: ComparedTree, { pages: b }: ComparedTree): boolean {
  const { low, high } = a.codec.seed
  return low === b.codec.seed.low && high === b.codec.seed.high && a.limits.pageBytes === b.limits.pageBytes
}

/**
 * Yields the ranges of keys, ascending, outside of which two trees have equal entries: those of leaves that are not equal. Pages with equal
 * checksums are not read, nor is anything below them.
 *
 * @throws {@link LdbError} LDB_CORRUPTION when a branch is damaged; LDB_IO.
 * @internal
 */
export function* differingRanges(a: ComparedTree, b: ComparedTree): Generator<KeyBounds, void> {
  const left = new TreeNodes(a)
  const right = new TreeNodes(b)
  let start: Uint8Array | undefined
  let isOpen = false
  for (let [x, y] = [left.top, right.top]; x !== undefined && y !== undefined; x = left.top, y = right.top) {
    if (isSame(x.lower, y.lower) && isSame(x.upper, y.upper) && left.isEqual(x, right, y)) {
      if (isOpen) yield { lower: start, upper: x.lower }
      isOpen = false
      left.pop()
      right.pop()
    } else if (x.root.level > 0 || y.root.level > 0) {
      if (x.root.level >= y.root.level) left.expand(x)
      if (y.root.level >= x.root.level) right.expand(y)
    } else {
      if (!isOpen) start = x.lower
      isOpen = true
      const order = compareUpper(x.upper, y.upper)
      if (order <= 0) left.pop()
      if (order >= 0) right.pop()
    }
  }
  if (isOpen) yield { lower: start, upper: undefined }
}

/** The pages of one tree that are still to be compared, in key order. */
class TreeNodes {
  readonly #pages: Pages
  readonly #stack: Node[]

  constructor({ pages, root }: ComparedTree) {
    this.#pages = pages
    this.#stack = [{ root: { ...root }, lower: undefined, upper: undefined }]
  }

  get top(): Node | undefined {
    return this.#stack.at(-1)
  }

  pop(): void {
    this.#stack.pop()
  }

  /** Replaces a branch by its children. */
  expand({ root, lower, upper }: Node): void {
    const { reader, arenas } = this.#pages
    this.#stack.pop()
    const page = reader.root(root)
    const memory = arenas.of(page)
    const count = slotCount(memory, page)
    let end = upper
    for (let slot = count - 1; slot >= 0; slot -= 1) {
      const start = slot === 0 ? lower : copyKey(memory, page, slot)
      const child = {
        page: childOf(memory, page, slot),
        level: root.level - 1,
        checksumLow: childChecksumLow(memory, page, slot),
        checksumHigh: childChecksumHigh(memory, page, slot),
      }
      this.#stack.push({ root: child, lower: start, upper: end })
      end = start
    }
  }

  /** Reports whether two pages are known to be equal, with everything below them. */
  isEqual({ root }: Node, others: TreeNodes, { root: other }: Node): boolean {
    return (
      root.level === other.level &&
      root.checksumLow === other.checksumLow &&
      root.checksumHigh === other.checksumHigh &&
      this.#isRecorded(root) &&
      others.#isRecorded(other)
    )
  }

  /** False while the page, or one below it, may have been changed since its parent recorded its checksum. */
  #isRecorded({ page }: Root): boolean {
    const { space, pendingChecksums } = this.#pages
    const frame = space.peek(page)
    return (frame < 0 || !space.isDirty(frame)) && pendingChecksums.get(page) === undefined
  }
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return compareBytes(a, b) === 0
}

/** Compares upper fences; `undefined` is above all. */
function compareUpper(a: Uint8Array | undefined, b: Uint8Array | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1
  return compareBytes(a, b)
}
