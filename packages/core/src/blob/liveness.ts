import { BatchReader, OperationKind } from '@ldb/base'
import type { KeyspaceSection } from '@ldb/base'
import { decodeReference, referencedBytes } from '@ldb/blob'
import type { BlobReference } from '@ldb/blob'
import { referenceAt } from './value-header.js'

/** What is known of a blob file. */
interface FileState {
  /** Bytes of the records that present entries name; `undefined` while that is not known. */
  liveBytes: number | undefined
  /** Number of the newest commit of this process that names a value in it; 0 for none. */
  newestSeq: number
  /** Number of batches, not committed yet, that name values in it (V11). */
  holdCount: number
  /** Offset up to which a count has proceeded; `Infinity` when none runs. */
  countedEnd: number
}

/** Returns the stored value of a key before the commits that are noted, borrowed. */
export type StoredValueFinder = (key: Uint8Array) => Uint8Array | undefined

/**
 * The live bytes of each blob file: of the records that entries of the present state name. A hint for the collector, which checks each
 * record before it removes one.
 *
 * @remarks Every commit to a keyspace with values in blob files is noted before it is applied. After an open, and after the deletion of a
 * range, the live bytes are not known until the collector has counted them.
 */
export class Liveness {
  readonly #files: Map<number, FileState> = new Map()
  readonly #reader: BatchReader = new BatchReader()
  /** References of the commits that are being noted, by keyspace and key; `undefined` when a later one has replaced it. */
  readonly #pending: Map<string, BlobReference | undefined> = new Map()
  /** Something was noted since the last call of the listener. */
  #hasChanged = false
  #onChange: () => void = () => undefined
  readonly #trailerBytes: number

  /** @param trailerBytes - bytes of the trailer of each part of an encrypted record. */
  constructor(trailerBytes: number = 0) {
    this.#trailerBytes = trailerBytes
  }

  /** Sets what is called after commits by which bytes may have died. */
  onChange(listener: () => void): void {
    this.#onChange = listener
  }

  /** Adds a file that an earlier process has written. */
  addFound(number: number): void {
    this.#files.set(number, { liveBytes: undefined, newestSeq: 0, holdCount: 0, countedEnd: Infinity })
  }

  /** Notes that the commit `seq`, which is logged next, names a value at the end of a file. */
  noteAppended(number: number, seq: number): void {
    this.#appendedTo(number).newestSeq = seq
  }

  /** Notes that a batch, which is not committed yet, names a value at the end of a file. */
  hold(number: number): void {
    this.#appendedTo(number).holdCount++
  }

  /** Notes that the commit of such a batch is visible, or will never be. */
  release(number: number): void {
    const file = this.#files.get(number)
    if (file !== undefined) file.holdCount--
  }

  /** Forgets a file that was removed. */
  remove(number: number): void {
    this.#files.delete(number)
  }

  /** Returns the live bytes of a file; `undefined` while they are not known. */
  liveBytesOf(number: number): number | undefined {
    const file = this.#files.get(number)
    return file?.countedEnd === Infinity ? file.liveBytes : undefined
  }

  /** Reports whether every commit that names a value in a file is visible. */
  isVisible(number: number, visibleSeq: number): boolean {
    const file = this.#files.get(number)
    return file === undefined || (file.holdCount === 0 && file.newestSeq <= visibleSeq)
  }

  /** Notes the operations of a commit on one keyspace. Call `endNotes` when they, and those of later commits, are to be applied. */
  note(section: KeyspaceSection, find: StoredValueFinder): void {
    const reader = this.#reader
    const { keyspaceId } = section
    reader.reset(section)
    while (reader.next()) {
      const { kind, bytes, keyStart, keyEnd } = reader
      if (kind === OperationKind.DeleteRange || kind === OperationKind.DeleteFrom) {
        this.#noteUnknown()
        continue
      }
      const at = kind === OperationKind.Put ? referenceAt(bytes, reader.valueStart, reader.valueEnd) : -1
      const next = at < 0 ? undefined : decodeReference(bytes, at)
      const mapKey =
        next === undefined && this.#pending.size === 0 ? '' : mapKeyOf(keyspaceId, bytes, keyStart, keyEnd)
      const before = this.#pending.has(mapKey)
        ? this.#pending.get(mapKey)
        : referenceOf(find(bytes.subarray(keyStart, keyEnd)))
      if (before !== undefined) this.#noteDead(before)
      if (next !== undefined) this.#noteLive(next)
      if (mapKey !== '') this.#pending.set(mapKey, next)
    }
    reader.release()
  }

  /** Ends a group of noted commits. */
  endNotes(): void {
    if (this.#pending.size > 0) this.#pending.clear()
    if (!this.#hasChanged) return
    this.#hasChanged = false
    this.#onChange()
  }

  /** Begins a count of a file to which nothing is appended any more. */
  beginCount(number: number): void {
    const file = this.#files.get(number)
    if (file === undefined) return
    file.liveBytes = undefined
    file.countedEnd = 0
  }

  /** Notes that the records of a file up to an offset are counted: what dies before it is subtracted from now on. */
  advanceCount(number: number, end: number): void {
    const file = this.#files.get(number)
    if (file !== undefined && file.countedEnd !== Infinity) file.countedEnd = end
  }

  /**
   * Ends a count.
   *
   * @param liveBytes - of the records that were live when they were counted.
   * @returns false when a range was deleted meanwhile: the live bytes stay unknown.
   */
  endCount(number: number, liveBytes: number): boolean {
    const file = this.#files.get(number)
    if (file === undefined || file.countedEnd === Infinity) return false
    file.countedEnd = Infinity
    file.liveBytes = Math.max(0, liveBytes + (file.liveBytes ?? 0))
    return true
  }

  /** Abandons a count: the live bytes stay unknown. */
  abandonCount(number: number): void {
    const file = this.#files.get(number)
    if (file === undefined || file.countedEnd === Infinity) return
    file.countedEnd = Infinity
    file.liveBytes = undefined
  }

  /** Notes that a keyspace was dropped. */
  noteDropped(): void {
    this.#noteUnknown()
    this.endNotes()
  }

  /** Notes that any entries may be gone: the live bytes of all files are to be counted again. */
  #noteUnknown(): void {
    this.#hasChanged = true
    for (const file of this.#files.values()) {
      file.liveBytes = undefined
      file.countedEnd = Infinity
    }
  }

  #appendedTo(number: number): FileState {
    let file = this.#files.get(number)
    if (file === undefined) {
      file = { liveBytes: 0, newestSeq: 0, holdCount: 0, countedEnd: Infinity }
      this.#files.set(number, file)
    }
    return file
  }

  #noteLive(reference: BlobReference): void {
    const bytes = referencedBytes(reference, this.#trailerBytes)
    const file = this.#files.get(reference.fileNumber)
    if (file?.liveBytes !== undefined) file.liveBytes += bytes
  }

  #noteDead(reference: BlobReference): void {
    const file = this.#files.get(reference.fileNumber)
    if (file === undefined) return
    this.#hasChanged = true
    const bytes = referencedBytes(reference, this.#trailerBytes)
    if (file.countedEnd === Infinity) {
      if (file.liveBytes !== undefined) file.liveBytes = Math.max(0, file.liveBytes - bytes)
    } else if (reference.valueOffset < file.countedEnd) file.liveBytes = (file.liveBytes ?? 0) - bytes
  }
}

function referenceOf(stored: Uint8Array | undefined): BlobReference | undefined {
  if (stored === undefined) return undefined
  const at = referenceAt(stored, 0, stored.length)
  return at < 0 ? undefined : decodeReference(stored, at)
}

/** Returns a string that is unique for a key of a keyspace, and not empty. */
function mapKeyOf(keyspaceId: number, key: Uint8Array, start: number, end: number): string {
  let mapKey = `${keyspaceId}:`
  for (let index = start; index < end; index++) mapKey += String.fromCharCode(key[index] as number)
  return mapKey
}
