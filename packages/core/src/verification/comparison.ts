import { compareBytes, equalBytes, optionalMember } from '@ldb/base'
import type { KeyBounds, StoreCursor, StoreSnapshot } from '@ldb/base'
import { CHUNK_BYTES, decodedBytesOf } from '@ldb/blob'
import type { BlobValues } from '../blob/blob-values.js'
import { expiryOf, rawValue, referenceAt } from '../blob/value-header.js'
import type { KeyspaceStore } from '../keyspace/store.js'
import type { OpenDatabase } from '../open/open-database.js'
import { isDamage } from './damage.js'

/** Ranges of a keyspace that are listed; further ones are only counted. */
const RANGES_MAX = 1000
/** Entries between two checks of the signal. */
const CHECK_ENTRIES = 1024

/** Keys of a keyspace in which two databases differ: between the entries before and behind it they are equal. @category Reports */
export interface KeyDifference {
  /** The first key that differs, encoded. */
  readonly lower: Uint8Array
  /** A key above the last one that differs, at or below the next one that does not; `undefined` for no bound. */
  readonly upper: Uint8Array | undefined
  /** Entries in the range: of the verified database, and of the other one. */
  readonly entryCount: number
  readonly againstCount: number
}

/** The difference between two keyspaces of one name. @category Reports */
export interface KeyspaceComparison {
  readonly name: string
  /** Which of the databases has the keyspace: both, only the verified one, or only the other one. */
  readonly presence: 'both' | 'here' | 'there'
  /** True when both have the same entries, as far as they were read. */
  readonly equal: boolean
  /** False when damage has ended the comparison. */
  readonly isComplete: boolean
  /** Keys that only the verified database has, that only the other one has, and that have other values or times of expiry. */
  readonly onlyHereCount: number
  readonly onlyThereCount: number
  readonly changedCount: number
  /** Entries that were read of both together. Checksums showed that the others are equal. */
  readonly readCount: number
  /** The first 1,000 ranges that differ, ascending. */
  readonly differences: readonly KeyDifference[]
  /** All ranges that differ. */
  readonly differenceCount: number
}

/** A comparison of two databases by their content. @category Reports */
export interface DatabaseComparison {
  /** True when both have the same keyspaces with the same entries. */
  readonly equal: boolean
  /** By name: those of the verified database in the order of creation, then those that only the other one has. */
  readonly keyspaces: readonly KeyspaceComparison[]
}

/**
 * Compares two open databases. Entries that have expired are absent. Neither the engines nor the encodings of the keyspaces matter: keys and
 * values are compared as bytes.
 *
 * @param check - called from time to time; throws to end the comparison.
 */
export function compareDatabases(
  here: OpenDatabase,
  there: OpenDatabase,
  check: () => void,
): DatabaseComparison {
  const nowMs = here.engines.vfs.clock.now()
  const keyspaces: KeyspaceComparison[] = []
  for (const keyspace of here.keyspaces) {
    const other = there.keyspaces.byName(keyspace.descriptor.name)
    keyspaces.push(new KeyspaceWalk(keyspace, other, nowMs, check).run())
  }
  for (const keyspace of there.keyspaces) {
    if (here.keyspaces.byName(keyspace.descriptor.name) !== undefined) continue
    keyspaces.push(new KeyspaceWalk(undefined, keyspace, nowMs, check).run())
  }
  return Object.freeze({ equal: keyspaces.every(({ equal }) => equal), keyspaces: Object.freeze(keyspaces) })
}

/** One side of a comparison. */
interface Side {
  readonly view: StoreSnapshot
  readonly blobs: BlobValues | undefined
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

class KeyspaceWalk {
  readonly #here: KeyspaceStore | undefined
  readonly #there: KeyspaceStore | undefined
  readonly #nowMs: number
  readonly #check: () => void
  readonly #differences: KeyDifference[] = []
  /** The range that is not closed yet. */
  #open: Writable<KeyDifference> | undefined = undefined
  #differenceCount = 0
  #onlyHereCount = 0
  #onlyThereCount = 0
  #changedCount = 0
  #readCount = 0

  constructor(
    here: KeyspaceStore | undefined,
    there: KeyspaceStore | undefined,
    nowMs: number,
    check: () => void,
  ) {
    this.#here = here
    this.#there = there
    this.#nowMs = nowMs
    this.#check = check
  }

  run(): KeyspaceComparison {
    const views: StoreSnapshot[] = []
    let isComplete = true
    try {
      const here = sideOf(this.#here, views)
      const there = sideOf(this.#there, views)
      for (const bounds of rangesOf(here, there)) {
        this.#compareRange(here, there, bounds)
        this.#close(bounds.upper)
      }
    } catch (error) {
      if (!isDamage(error)) throw error
      isComplete = false
      this.#close(undefined)
    } finally {
      for (const view of views) view.release()
    }
    return this.#result(isComplete)
  }

  #result(isComplete: boolean): KeyspaceComparison {
    const presence = this.#there === undefined ? 'here' : this.#here === undefined ? 'there' : 'both'
    return Object.freeze({
      name: (this.#here ?? this.#there)?.descriptor.name ?? '',
      presence,
      equal: presence === 'both' && isComplete && this.#differenceCount === 0,
      isComplete,
      onlyHereCount: this.#onlyHereCount,
      onlyThereCount: this.#onlyThereCount,
      changedCount: this.#changedCount,
      readCount: this.#readCount,
      differences: Object.freeze(this.#differences),
      differenceCount: this.#differenceCount,
    })
  }

  /** Merges the entries of both sides within bounds. */
  #compareRange(here: Side | undefined, there: Side | undefined, bounds: KeyBounds): void {
    const a = here?.view.cursor(bounds)
    const b = there?.view.cursor(bounds)
    try {
      let inA = this.#advance(a)
      let inB = this.#advance(b)
      while (inA || inB) {
        const order = orderOf(inA ? a : undefined, inB ? b : undefined)
        const key = (order <= 0 ? a : b)?.key ?? new Uint8Array()
        if (order < 0) {
          this.#onlyHereCount++
          this.#differ(key, 1, 0)
        } else if (order > 0) {
          this.#onlyThereCount++
          this.#differ(key, 0, 1)
        } else if (this.#isEqual(a?.value, here?.blobs, b?.value, there?.blobs)) this.#close(key)
        else {
          this.#changedCount++
          this.#differ(key, 1, 1)
        }
        if (order <= 0) inA = this.#advance(a)
        if (order >= 0) inB = this.#advance(b)
      }
    } finally {
      a?.close()
      b?.close()
    }
  }

  /** Moves to the next entry that has not expired. */
  #advance(cursor: StoreCursor | undefined): boolean {
    if (cursor === undefined) return false
    while (cursor.next()) {
      this.#readCount++
      if (this.#readCount % CHECK_ENTRIES === 0) this.#check()
      const { value } = cursor
      if (expiryOf(value, 0, value.length) > this.#nowMs) return true
    }
    return false
  }

  #isEqual(
    a: Uint8Array | undefined,
    blobsA: BlobValues | undefined,
    b: Uint8Array | undefined,
    blobsB: BlobValues | undefined,
  ): boolean {
    if (a === undefined || b === undefined) return false
    if (expiryOf(a, 0, a.length) !== expiryOf(b, 0, b.length)) return false
    const atA = referenceAt(a, 0, a.length)
    const atB = referenceAt(b, 0, b.length)
    if (atA < 0 && atB < 0) return equalBytes(rawValue(a), rawValue(b))
    try {
      if (atA >= 0 && atB >= 0) return areBlobsEqual(a.slice(atA), blobsA, b.slice(atB), blobsB)
      return equalBytes(valueOf(a, atA, blobsA), valueOf(b, atB, blobsB))
    } catch (error) {
      // A damaged value is a finding of the verification, and differs from every other.
      if (!isDamage(error)) throw error
      return false
    }
  }

  #differ(key: Uint8Array, entryCount: number, againstCount: number): void {
    if (this.#open === undefined) {
      this.#differenceCount++
      this.#open = { lower: key.slice(), upper: undefined, entryCount: 0, againstCount: 0 }
    }
    this.#open.entryCount += entryCount
    this.#open.againstCount += againstCount
  }

  /** Ends the range that differs before a key that does not. */
  #close(upper: Uint8Array | undefined): void {
    const open = this.#open
    if (open === undefined) return
    this.#open = undefined
    if (this.#differences.length >= RANGES_MAX) return
    this.#differences.push(Object.freeze({ ...open, upper: upper?.slice() }))
  }
}

/** Returns the ranges that may differ. */
function rangesOf(here: Side | undefined, there: Side | undefined): Iterable<KeyBounds> {
  const all = [{ lower: undefined, upper: undefined }]
  if (here === undefined || there === undefined) return all
  return optionalMember(here.view, 'differences')?.call(here.view, there.view) ?? all
}

function sideOf(keyspace: KeyspaceStore | undefined, views: StoreSnapshot[]): Side | undefined {
  if (keyspace === undefined) return undefined
  const view = keyspace.rawStore.snapshot()
  views.push(view)
  return { view, blobs: keyspace.blobs }
}

/** Compares the present keys of two cursors; a missing cursor is behind all keys. */
function orderOf(a: StoreCursor | undefined, b: StoreCursor | undefined): number {
  if (a === undefined) return 1
  return b === undefined ? -1 : compareBytes(a.key, b.key)
}

function valueOf(stored: Uint8Array, at: number, blobs: BlobValues | undefined): Uint8Array {
  return at < 0 || blobs === undefined ? rawValue(stored) : blobs.read(stored, at)
}

function areBlobsEqual(
  a: Uint8Array,
  blobsA: BlobValues | undefined,
  b: Uint8Array,
  blobsB: BlobValues | undefined,
): boolean {
  if (blobsA === undefined || blobsB === undefined) return false
  const [left, right] = [blobsA.decode(a, 0), blobsB.decode(b, 0)]
  const valueBytes = decodedBytesOf(left)
  if (valueBytes !== decodedBytesOf(right)) return false
  const [tableA, tableB] = [blobsA.readChunkTable(left), blobsB.readChunkTable(right)]
  for (let index = 0; index === 0 || index * CHUNK_BYTES < valueBytes; index++) {
    if (!equalBytes(blobsA.readChunk(left, tableA, index), blobsB.readChunk(right, tableB, index)))
      return false
  }
  return true
}
