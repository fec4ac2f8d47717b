import { fileError, ManualTime, SeededRandom } from '@ldb/vfs'
import { LdbError } from '@ldb/base'
import type { FileStatus, OpenMode, Vfs, VfsFile, VfsLock } from '@ldb/vfs'
import { DiskCopier } from './copy.js'
import { CrashFile } from './file.js'
import { decideCrash } from './image.js'
import type { CrashDecision } from './image.js'
import { CrashInode } from './inode.js'
import { applyEntry, closeOverEntries, CrashNamespace } from './namespace.js'
import type { CrashDirectory, CrashNode, EntryOperation, EntryPlace } from './namespace.js'
import type { CrashPlan } from './plan.js'
import { PagedBytes } from '../vfs/paged-bytes.js'
import { TestRandom } from '../test-random.js'

/** @category Crashes */
export interface CrashVfsOptions {
  /** Decides the random bytes that the file system gives, and which syncs are lies. @defaultValue 1 */
  readonly seed?: number
  /** Share of syncs, of files and of directories, that do nothing and say that they did. @defaultValue 0 */
  readonly lyingSyncs?: number
}

/** What is done to a disk. @category Crashes */
export interface DiskOperation {
  readonly kind:
    'write' | 'truncate' | 'sync' | 'create' | 'makeDirectory' | 'rename' | 'remove' | 'syncDirectory'
  readonly path: string
}

/** What is on a disk when it begins. */
interface DiskContent {
  readonly root: CrashDirectory
  readonly nodeCount: number
  /** What waits in the cache of a disk whose process was killed. */
  readonly cache?: { readonly order: number; readonly names: EntryOperation[]; readonly dirty: CrashInode[] }
}

/**
 * Files in memory on a disk that may lose power at any moment: {@link CrashVfs.image} gives what it would then hold.
 *
 * @remarks Each file has its durable bytes and the changes since, each directory its durable entries and the changes
 * since. `sync` makes the changes of one file durable, and not its name; `syncDirectory` the names. An image is another
 * file system, which shares its bytes with this one until they are changed, and on which everything is durable. One seed
 * and one course of calls give one course of everything.
 * @category Crashes
 */
export class CrashVfs implements Vfs {
  readonly time: ManualTime
  readonly clock: ManualTime
  readonly scheduler: ManualTime
  readonly random: SeededRandom
  /** Called after each change and each sync, with the number of those there have been. */
  onOperation: ((operation: DiskOperation, order: number) => void) | undefined
  /** Syncs that did nothing, so far. */
  lieCount = 0
  readonly #names: CrashNamespace
  readonly #dirty: Set<CrashInode>
  readonly #held: Set<CrashNode>
  readonly #lies: TestRandom
  readonly #lyingSyncs: number
  #order: number
  #nodeCount: number

  /** @param disk - what is on it already; for images. */
  constructor(options: CrashVfsOptions = {}, disk?: DiskContent) {
    const { seed = 1, lyingSyncs = 0 } = options
    this.time = new ManualTime()
    this.clock = this.time
    this.scheduler = this.time
    this.random = new SeededRandom(seed)
    this.onOperation = undefined
    this.#names = new CrashNamespace(
      disk?.root ?? { kind: 'directory', identity: 'crash:0', current: new Map(), durable: new Map() },
      disk?.cache?.names,
    )
    this.#order = disk?.cache?.order ?? 0
    this.#dirty = new Set(disk?.cache?.dirty)
    this.#held = new Set()
    this.#nodeCount = disk?.nodeCount ?? 1
    this.#lies = new TestRandom(seed)
    this.#lyingSyncs = lyingSyncs
  }

  /** Changes and syncs so far. */
  get operationCount(): number {
    return this.#order
  }

  /** True when all that programs see is on the device. */
  get isClean(): boolean {
    return this.#dirty.size === 0 && this.#names.pending.length === 0
  }

  /** Returns what the disk would hold, had it lost power now; or, for a plan of kind `killed`, had its process ended. */
  image(plan: CrashPlan): CrashVfs {
    if (plan.mode === 'killed') return this.#afterKill(plan.seed)
    const entryOperations = this.#names.pending
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
    const builder = new ImageBuilder(decision, operations)
    const root = builder.directory(this.#names.root)
    return new CrashVfs({ seed: plan.seed }, { root, nodeCount: this.#nodeCount })
  }

  open(path: string, mode: OpenMode): VfsFile {
    const node = this.#names.find(path)
    if (node === undefined && (mode === 'read' || mode === 'write')) {
      this.#names.place(path, 'open')
      throw fileError('ENOENT', { operation: 'open', file: path })
    }
    if (node?.kind === 'directory') throw fileError('EISDIR', { operation: 'open', file: path })
    if (node !== undefined && mode === 'createNew')
      throw fileError('EEXIST', { operation: 'open', file: path })
    return new CrashFile(this, path, node ?? this.#create(path), mode !== 'read')
  }

  status(path: string): FileStatus | undefined {
    const node = this.#names.find(path)
    if (node === undefined) return undefined
    return {
      kind: node.kind,
      length: node.kind === 'file' ? node.current.length : 0,
      identity: node.identity,
    }
  }

  list(path: string): string[] {
    return [...this.#names.directory(path, 'list').current.keys()].sort()
  }

  makeDirectory(path: string): void {
    const place = this.#names.place(path, 'makeDirectory')
    if (place.directory.current.has(place.name)) {
      throw fileError('EEXIST', { operation: 'makeDirectory', file: path })
    }
    const node: CrashDirectory = {
      kind: 'directory',
      identity: this.#newIdentity(),
      current: new Map(),
      durable: new Map(),
    }
    this.#changeNames([{ ...place, node }])
    this.#did('makeDirectory', path)
  }

  rename(source: string, target: string): void {
    const from = this.#names.place(source, 'rename')
    const to = this.#names.place(target, 'rename')
    const node = this.#existing(from, 'rename', source)
    const replaced = to.directory.current.get(to.name)
    if (replaced === node) return
    if (replaced !== undefined && replaced.kind !== node.kind) {
      throw fileError(replaced.kind === 'directory' ? 'EISDIR' : 'ENOTDIR', {
        operation: 'rename',
        file: source,
      })
    }
    if (replaced?.kind === 'directory' && replaced.current.size > 0) {
      throw fileError('ENOTEMPTY', { operation: 'rename', file: source })
    }
    this.#changeNames([
      { ...from, node: undefined },
      { ...to, node },
    ])
    this.#did('rename', target)
  }

  remove(path: string): void {
    const place = this.#names.place(path, 'remove')
    const node = this.#existing(place, 'remove', path)
    if (node.kind === 'directory') throw fileError('EISDIR', { operation: 'remove', file: path })
    this.#changeNames([{ ...place, node: undefined }])
    this.#did('remove', path)
  }

  async removeAsync(path: string): Promise<void> {
    await Promise.resolve()
    await Promise.resolve()
    this.remove(path)
  }

  removeDirectory(path: string): void {
    const place = this.#names.place(path, 'removeDirectory')
    const node = this.#existing(place, 'removeDirectory', path)
    const where = { operation: 'removeDirectory', file: path }
    if (node.kind !== 'directory') throw fileError('ENOTDIR', where)
    if (node.current.size > 0) throw fileError('ENOTEMPTY', where)
    this.#changeNames([{ ...place, node: undefined }])
    this.#did('remove', path)
  }

  syncDirectory(path: string): void {
    const directory = this.#names.directory(path, 'syncDirectory')
    if (!this.#lie()) this.#names.sync(directory)
    this.#did('syncDirectory', path)
  }

  /** Covers the changes that were made when it was called; those made while it runs wait for the next. */
  async syncDirectoryAsync(path: string): Promise<void> {
    const directory = this.#names.directory(path, 'syncDirectory')
    const covered = this.#order
    await Promise.resolve()
    await Promise.resolve()
    if (!this.#lie()) this.#names.sync(directory, covered)
    this.#did('syncDirectory', path)
  }

  lock(directory: string): VfsLock {
    const held = this.#held
    const node = this.#names.directory(directory, 'lock')
    if (held.has(node)) {
      throw new LdbError('LDB_LOCKED', `${directory} is in use by this process`, {
        details: { file: directory },
      })
    }
    held.add(node)
    return {
      assertHeld(): void {
        if (!held.has(node)) throw new LdbError('LDB_POISONED', `the lock of ${directory} is no longer held`)
      },
      release(): void {
        held.delete(node)
      },
    }
  }

  /** Gives every lock back, as the end of a process does. */
  endProcess(): void {
    this.#held.clear()
  }

  /** @internal A change to a file: gives the number it has. */
  beginChange(inode: CrashInode): number {
    this.#dirty.add(inode)
    return this.#order
  }

  /** @internal Something was done. */
  did(kind: DiskOperation['kind'], path: string): void {
    this.#did(kind, path)
  }

  /** @internal Makes the first `count` pending changes of a file durable, unless this is one of the lies. */
  syncChanges(inode: CrashInode, count: number): void {
    if (this.#lie()) return
    inode.makeDurable(count)
    if (inode.pending.length === 0) this.#dirty.delete(inode)
  }

  /** Everything as it is, the cache too, for a process that begins anew. */
  #afterKill(seed: number): CrashVfs {
    const copier = new DiskCopier()
    const root = copier.directory(this.#names.root)
    const names = this.#names.pending.map((operation) => copier.operation(operation))
    const dirty = copier.inodes.filter(({ pending }) => pending.length > 0)
    const cache = { order: this.#order, names, dirty }
    return new CrashVfs({ seed, lyingSyncs: this.#lyingSyncs }, { root, nodeCount: this.#nodeCount, cache })
  }

  #lie(): boolean {
    const lies = this.#lyingSyncs > 0 && this.#lies.chance(this.#lyingSyncs)
    if (lies) this.lieCount++
    return lies
  }

  #create(path: string): CrashInode {
    const place = this.#names.place(path, 'open')
    const inode = new CrashInode(this.#newIdentity(), new PagedBytes())
    this.#changeNames([{ ...place, node: inode }])
    this.#did('create', path)
    return inode
  }

  #existing(place: EntryPlace, operation: string, file: string): CrashNode {
    const node = place.directory.current.get(place.name)
    if (node === undefined) throw fileError('ENOENT', { operation, file })
    return node
  }

  #changeNames(changes: EntryOperation['changes']): void {
    this.#names.change({ order: this.#order, changes })
  }

  #did(kind: DiskOperation['kind'], path: string): void {
    const order = this.#order++
    this.onOperation?.({ kind, path }, order)
  }

  #newIdentity(): string {
    return `crash:${this.#nodeCount++}`
  }
}

/** Builds the directories of an image; a file with two names stays one file. */
class ImageBuilder {
  readonly #decision: CrashDecision
  readonly #operations: readonly EntryOperation[]
  readonly #made: Map<CrashNode, CrashNode> = new Map()

  constructor(decision: CrashDecision, operations: readonly EntryOperation[]) {
    this.#decision = decision
    this.#operations = operations
  }

  directory(source: CrashDirectory): CrashDirectory {
    const entries = new Map(source.durable)
    for (const operation of this.#operations) {
      for (const change of operation.changes) if (change.directory === source) applyEntry(entries, change)
    }
    const current = new Map<string, CrashNode>()
    for (const [name, node] of entries) current.set(name, this.#node(node))
    return { kind: 'directory', identity: source.identity, current, durable: new Map(current) }
  }

  #node(source: CrashNode): CrashNode {
    const made =
      this.#made.get(source) ??
      (source.kind === 'directory'
        ? this.directory(source)
        : new CrashInode(source.identity, this.#decision.contentOf(source)))
    this.#made.set(source, made)
    return made
  }
}
