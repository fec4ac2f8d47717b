import { compareBytes, toSeq, WriteBatch } from '@ldb/base'
import type { Seq, StoreSnapshot, VerifyFinding } from '@ldb/base'
import { PageCache } from '@ldb/cache'
import { MemoryVfs } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { BTree } from '../src/btree.js'

/** A key as the model knows it: one character for each byte, so that strings sort as the bytes do. */
export type ModelKey = string

/** Returns the bytes of a model key. */
export function keyOf(text: ModelKey): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

/** Returns the model key of bytes. */
export function textOf(bytes: Uint8Array): ModelKey {
  let text = ''
  for (let start = 0; start < bytes.length; start += 8192) {
    text += String.fromCharCode(...bytes.subarray(start, start + 8192))
  }
  return text
}

/** Returns what `verify` finds wrong with a tree. */
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

/** A tree beside a plain map, changed alike. */
export class TreeHarness {
  readonly vfs: Vfs
  readonly path = '/tree.ldb'
  tree: BTree
  model = new Map<ModelKey, ModelKey>()
  readonly #pageBytes: number
  readonly #cachePages: number
  readonly #cache: PageCache | undefined
  #seq = 0

  /** @param options - with a `cache`, which other trees may share, the numbers of pages mean nothing. */
  constructor(options: { pageBytes?: number; cachePages?: number; vfs?: Vfs; cache?: PageCache } = {}) {
    this.vfs = options.vfs ?? new MemoryVfs()
    this.#pageBytes = options.pageBytes ?? 512
    this.#cachePages = options.cachePages ?? 64
    this.#cache = options.cache
    this.tree = this.#open()
    this.#seq = this.tree.seq
  }

  /** Opens the file again, without a checkpoint. */
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

  /** Applies one batch to the tree; the model is the caller's. */
  apply(fill: (batch: WriteBatch) => void): void {
    const batch = new WriteBatch()
    fill(batch)
    const seq = this.nextSeq()
    for (const section of batch.sections()) this.tree.apply(section, seq)
  }

  /** Returns the number of the next commit, for those who apply it themselves. */
  nextSeq(): Seq {
    this.#seq += 1
    return toSeq(this.#seq)
  }

  /** Entries of the model, in byte order. */
  expected(): [ModelKey, ModelKey][] {
    return [...this.model].sort(([a], [b]) => compareBytes(keyOf(a), keyOf(b)))
  }

  /** Entries of the tree. */
  actual(): [ModelKey, ModelKey][] {
    const snapshot = this.tree.snapshot()
    try {
      return entriesOf(snapshot)
    } finally {
      snapshot.release()
    }
  }

  #open(): BTree {
    const cache =
      this.#cache ?? new PageCache({ bytes: this.#cachePages * this.#pageBytes, pageBytes: this.#pageBytes })
    return BTree.open(this.vfs, this.path, { cache })
  }
}
