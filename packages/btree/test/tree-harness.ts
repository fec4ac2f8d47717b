import { toSeq, WriteBatch } from '@ldb/base'
import type { Seq, StoreSnapshot, VerifyFinding } from '@ldb/base'
import { PageCache } from '@ldb/cache'
import { MemoryVfs } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { BTree } from '../src/btree.js'
import type { BTreeOptions } from '../src/file/options.js'

/** A key of the model: a string with one character for each byte, so that strings sort as the bytes do. */
export type ModelKey = string

/** Returns the bytes of a model key. */
export function keyOf(text: ModelKey): Uint8Array {
  // Not a buffer of Node's pool, whose memory has other content around it.
  return new Uint8Array(Buffer.from(text, 'latin1'))
}

/** Returns the model key of bytes. */
export function textOf(bytes: Uint8Array): ModelKey {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

/** Returns the findings of `verify`. */
export function findingsOf(tree: BTree): VerifyFinding[] {
  const findings: VerifyFinding[] = []
  tree.verify({ finding: (finding) => findings.push(finding), progress: () => undefined })
  return findings
}

/** Returns all entries of a snapshot, in order. */
export function entriesOf(snapshot: StoreSnapshot): [ModelKey, ModelKey][] {
  const entries: [ModelKey, ModelKey][] = []
  const cursor = snapshot.cursor()
  while (cursor.next()) entries.push([textOf(cursor.key), textOf(cursor.value)])
  cursor.close()
  return entries
}

export interface HarnessOptions {
  /** Default 512. */
  readonly pageBytes?: number
  /** Pages of the tree's own cache. Default 64. */
  readonly cachePages?: number
  /** Pages of an arena of that cache; 0 for one arena. Default 16, or more in a cache with many. */
  readonly arenaPages?: number
  readonly vfs?: Vfs
  readonly cache?: PageCache
  readonly treeOptions?: BTreeOptions
}

/** A tree and a map that receive the same changes. */
export class TreeHarness {
  readonly vfs: Vfs
  readonly path = '/tree.ldb'
  tree: BTree
  model = new Map<ModelKey, ModelKey>()
  readonly #pageBytes: number
  readonly #cachePages: number
  readonly #arenaPages: number
  readonly #cache: PageCache | undefined
  readonly #treeOptions: BTreeOptions | undefined
  #seq = 0

  /**
   * @param options - `cache` may be shared with other trees and overrides `pageBytes` and `cachePages`; `treeOptions` override all
   * three.
   */
  constructor(options: HarnessOptions = {}) {
    this.vfs = options.vfs ?? new MemoryVfs()
    this.#pageBytes = options.pageBytes ?? 512
    this.#cachePages = options.cachePages ?? 64
    this.#arenaPages = options.arenaPages ?? Math.max(16, 2 ** Math.ceil(Math.log2(this.#cachePages / 64)))
    this.#cache = options.cache
    this.#treeOptions = options.treeOptions
    this.tree = this.#open()
    this.#seq = this.tree.seq
  }

  /** Closes the tree without a checkpoint, and opens it again. */
  reopen(): void {
    this.tree.close()
    this.tree = this.#open()
    this.#seq = this.tree.seq
  }

  put(key: ModelKey, value: ModelKey): void {
    this.apply((batch) => {
      batch.put(0, keyOf(key), keyOf(value))
    })
    this.model.set(key, value)
  }

  delete(key: ModelKey): void {
    this.apply((batch) => {
      batch.delete(0, keyOf(key))
    })
    this.model.delete(key)
  }

  deleteRange(lower: ModelKey, upper: ModelKey | undefined): void {
    this.apply((batch) => {
      batch.deleteRange(0, keyOf(lower), upper === undefined ? undefined : keyOf(upper))
    })
    for (const key of this.model.keys()) {
      if (key >= lower && (upper === undefined || key < upper)) this.model.delete(key)
    }
  }

  /** Applies one batch to the tree. The caller changes the model. */
  apply(fill: (batch: WriteBatch) => void): void {
    const batch = new WriteBatch()
    fill(batch)
    const seq = this.nextSeq()
    for (const section of batch.sections()) this.tree.apply(section, seq)
  }

  /** Returns the seq of the next commit, for a caller that applies it to the tree. */
  nextSeq(): Seq {
    this.#seq += 1
    return toSeq(this.#seq)
  }

  /** Returns the entries of the model, in byte order. */
  expected(): [ModelKey, ModelKey][] {
    return [...this.model].sort(([a], [b]) => (a < b ? -1 : 1))
  }

  /** Returns the entries of the tree. */
  actual(): [ModelKey, ModelKey][] {
    const snapshot = this.tree.snapshot()
    try {
      return entriesOf(snapshot)
    } finally {
      snapshot.release()
    }
  }

  #open(): BTree {
    if (this.#treeOptions !== undefined) return BTree.open(this.vfs, this.path, this.#treeOptions)
    const pageBytes = this.#pageBytes
    const arena = this.#arenaPages > 0 ? { arenaBytes: this.#arenaPages * pageBytes } : {}
    const cache = this.#cache ?? new PageCache({ bytes: this.#cachePages * pageBytes, pageBytes, ...arena })
    return BTree.open(this.vfs, this.path, { cache })
  }
}
