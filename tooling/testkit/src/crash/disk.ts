import { PagedBytes } from '../vfs/paged-bytes.js'
import { TestRandom } from '../base/test-random.js'
import { DiskCopier } from './copy.js'
import { decideCrash } from './decision.js'
import { ImageBuilder } from './image-builder.js'
import { CrashInode } from './inode.js'
import { closeOverEntries, CrashNamespace } from './namespace.js'
import type { CrashDirectory, EntryOperation } from './namespace.js'
import type { CrashPlan } from './plan.js'

/** An operation on a disk. @category Crashes */
export interface DiskOperation {
  readonly kind:
    'write' | 'truncate' | 'sync' | 'create' | 'makeDirectory' | 'rename' | 'remove' | 'syncDirectory'
  readonly path: string
}

/** The initial content of a disk. */
export interface DiskContent {
  readonly root: CrashDirectory
  readonly nodeCount: number
  /** The volatile write cache, after a kill of the process. */
  readonly cache?: { readonly order: number; readonly names: EntryOperation[]; readonly dirty: CrashInode[] }
}

/** A disk with a volatile write cache: durable state, pending changes, and syncs that may have no effect. */
export class CrashDisk {
  readonly names: CrashNamespace
  /** Called after each change and each sync, with its sequence number. */
  onOperation: ((operation: DiskOperation, order: number) => void) | undefined
  /** Number of syncs that had no effect. */
  lieCount: number
  readonly #dirty: Set<CrashInode>
  readonly #lies: TestRandom
  readonly #lyingSyncs: number
  #order: number
  #nodeCount: number

  constructor(seed: number, lyingSyncs: number, content?: DiskContent) {
    this.names = new CrashNamespace(
      content?.root ?? { kind: 'directory', identity: 'crash:0', current: new Map(), durable: new Map() },
      content?.cache?.names,
    )
    this.onOperation = undefined
    this.lieCount = 0
    this.#dirty = new Set(content?.cache?.dirty)
    this.#lies = new TestRandom(seed)
    this.#lyingSyncs = lyingSyncs
    this.#order = content?.cache?.order ?? 0
    this.#nodeCount = content?.nodeCount ?? 1
  }

  /** Number of changes and syncs so far. */
  get operationCount(): number {
    return this.#order
  }

  /** True when no changes are pending. */
  get isClean(): boolean {
    return this.#dirty.size === 0 && this.names.pending.length === 0
  }

  /** Registers a file with a pending change, and returns the sequence number of the change. */
  beginChange(inode: CrashInode): number {
    this.#dirty.add(inode)
    return this.#order
  }

  /** Completes an operation: advances the sequence number and calls {@link CrashDisk.onOperation}. */
  did(kind: DiskOperation['kind'], path: string): void {
    const order = this.#order++
    this.onOperation?.({ kind, path }, order)
  }

  /** Changes directory entries. */
  changeNames(changes: EntryOperation['changes']): void {
    this.names.change({ order: this.#order, changes })
  }

  newFile(): CrashInode {
    return new CrashInode(this.#newIdentity(), new PagedBytes())
  }

  newDirectory(): CrashDirectory {
    return { kind: 'directory', identity: this.#newIdentity(), current: new Map(), durable: new Map() }
  }

  /** Makes the first `count` pending changes of a file durable, unless the sync is one without effect. */
  syncFile(inode: CrashInode, count: number): void {
    if (this.#lie()) return
    inode.makeDurable(count)
    if (inode.pending.length === 0) this.#dirty.delete(inode)
  }

  /** Makes the directory operations before `end` durable, unless the sync is one without effect. */
  syncDirectory(directory: CrashDirectory, end: number = Infinity): void {
    if (!this.#lie()) this.names.sync(directory, end)
  }

  /** Returns the content after a power loss now. */
  afterPowerLoss(plan: CrashPlan): DiskContent {
    const entryOperations = this.names.pending
    const writeOrders: number[] = []
    const orders: number[] = entryOperations.map((operation) => operation.order)
    for (const inode of this.#dirty) {
      for (const change of inode.pending) {
        orders.push(change.order)
        if (change.kind === 'write') writeOrders.push(change.order)
      }
    }
    const ascending = (a: number, b: number): number => a - b
    const decision = decideCrash(plan, orders.sort(ascending), writeOrders.sort(ascending))
    const kept = entryOperations.map((operation) => decision.keepsEntry(operation.order))
    closeOverEntries(entryOperations, kept)
    const operations = entryOperations.filter((_, index) => kept[index] === true)
    const root = new ImageBuilder(decision, operations).directory(this.names.root)
    return { root, nodeCount: this.#nodeCount }
  }

  /** Returns the content, including the volatile write cache, after a kill of the process now. */
  afterKill(): DiskContent {
    const copier = new DiskCopier()
    const root = copier.directory(this.names.root)
    const names = this.names.pending.map((operation) => copier.operation(operation))
    const dirty = copier.inodes.filter(({ pending }) => pending.length > 0)
    return { root, nodeCount: this.#nodeCount, cache: { order: this.#order, names, dirty } }
  }

  #lie(): boolean {
    const lies = this.#lyingSyncs > 0 && this.#lies.chance(this.#lyingSyncs)
    if (lies) this.lieCount++
    return lies
  }

  #newIdentity(): string {
    return `crash:${this.#nodeCount++}`
  }
}
