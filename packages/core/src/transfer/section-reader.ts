import { assert, corruption } from '@ldb/base'
import { seedOfFile } from '@ldb/integrity'
import type { Seed64 } from '@ldb/integrity'
import { BACKUP_BYTES_MAX, SectionType, STREAM_HEADER_BYTES, STREAM_SECTION_BYTES } from '../format.js'
import {
  decodeSection,
  decodeStreamHeader,
  decodeTotals,
  isStreamBeginning,
  payloadBytesOf,
} from './section.js'
import type { Section, StreamHeader } from './section.js'

/** Bytes of a stored file of a backup, or of its manifest. */
export interface ReceivedBytes {
  /** Position of the file in the manifest, from 1 on; 0 for the manifest. */
  readonly fileIndex: number
  readonly dataOffset: number
  /** Borrowed until the next call. */
  readonly payload: Uint8Array
}

/**
 * Decodes the stream of a backup, which arrives in parts of any length, section by section. It checks everything that FORMAT.md specifies but the
 * manifest itself.
 */
export class SectionReader {
  /** `undefined` until it has arrived. */
  header: StreamHeader | undefined = undefined
  /** Bytes that have arrived: where a stream that was cut goes on. */
  offset = 0
  readonly #name: string
  /** The beginning of a section, or of the header. */
  #gathered: Uint8Array = new Uint8Array(STREAM_HEADER_BYTES)
  #gatheredBytes = 0
  /** Bytes that the header or the section has, as far as that is known. */
  #neededBytes: number = STREAM_HEADER_BYTES
  #isLengthKnown = true
  #seed: Seed64 | undefined = undefined
  #fileIndex = 0
  #dataEnd = 0
  #dataBytes = 0
  #manifestBytes = 0
  #sectionCount = 0
  #isEnded = false

  /** @param name - of the stream, for errors. */
  constructor(name: string) {
    this.#name = name
  }

  /** True when the whole stream has arrived. */
  get isEnded(): boolean {
    return this.#isEnded
  }

  /**
   * Adds the next part.
   *
   * @returns the bytes that have become complete, one by one. The caller takes all of them before it adds the next part.
   * @throws {@link LdbError} LDB_FORMAT, LDB_CORRUPTION.
   */
  *add(part: Uint8Array): Generator<ReceivedBytes, void, void> {
    let at = 0
    while (at < part.length) {
      if (this.#isEnded) throw corruption(this.#name, this.offset, 'bytes follow the end of the stream')
      const byteCount = Math.min(this.#neededBytes - this.#gatheredBytes, part.length - at)
      this.#gathered.set(part.subarray(at, at + byteCount), this.#gatheredBytes)
      this.#gatheredBytes += byteCount
      this.offset += byteCount
      at += byteCount
      if (this.#gatheredBytes < this.#neededBytes) return
      const received = this.#complete()
      if (received !== undefined) yield received
    }
  }

  /** @throws {@link LdbError} LDB_CORRUPTION when the stream ends before its end record. */
  end(): void {
    if (this.#isEnded) return
    const { header } = this
    const gathered = this.#gathered.subarray(0, this.#gatheredBytes)
    if (header === undefined && !isStreamBeginning(gathered)) decodeStreamHeader(gathered, this.#name)
    throw corruption(this.#name, this.offset, 'the stream of the backup is cut')
  }

  #complete(): ReceivedBytes | undefined {
    if (this.header === undefined) {
      this.header = decodeStreamHeader(this.#gathered.subarray(0, STREAM_HEADER_BYTES), this.#name)
      this.#seed = seedOfFile(this.header.streamId)
      this.#expect(STREAM_SECTION_BYTES, false)
      return undefined
    }
    const start = this.offset - this.#gatheredBytes
    if (!this.#isLengthKnown) {
      const payloadBytes = payloadBytesOf(this.#gathered, this.#name, start)
      this.#neededBytes = STREAM_SECTION_BYTES + payloadBytes
      this.#isLengthKnown = true
      if (this.#neededBytes > this.#gathered.length) {
        const longer = new Uint8Array(this.#neededBytes)
        longer.set(this.#gathered.subarray(0, this.#gatheredBytes))
        this.#gathered = longer
      }
      return undefined
    }
    const bytes = this.#gathered.subarray(0, this.#neededBytes)
    assert(this.#seed !== undefined, 'the header comes first')
    const section = decodeSection(bytes, this.#name, this.#seed, start)
    const payload = bytes.subarray(STREAM_SECTION_BYTES)
    this.#expect(STREAM_SECTION_BYTES, false)
    return this.#accept(section, payload)
  }

  #expect(byteCount: number, isLengthKnown: boolean): void {
    this.#neededBytes = byteCount
    this.#isLengthKnown = isLengthKnown
    this.#gatheredBytes = 0
  }

  /** Checks the order of the sections. */
  #accept(
    { type, fileIndex, dataOffset, streamOffset }: Section,
    payload: Uint8Array,
  ): ReceivedBytes | undefined {
    let isNext = true
    if (type === SectionType.Data) {
      const isNewFile = fileIndex > this.#fileIndex
      const isSameFile = fileIndex > 0 && fileIndex === this.#fileIndex
      isNext =
        this.#manifestBytes === 0 &&
        ((isNewFile && dataOffset === 0) || (isSameFile && dataOffset === this.#dataEnd))
      this.#fileIndex = fileIndex
      this.#dataEnd = dataOffset + payload.length
      this.#dataBytes += payload.length
    } else if (type === SectionType.Manifest) {
      isNext = fileIndex === 0 && dataOffset === this.#manifestBytes
      this.#manifestBytes += payload.length
      if (this.#manifestBytes > BACKUP_BYTES_MAX) isNext = false
    } else {
      const totals = decodeTotals(payload, this.#name, streamOffset)
      isNext =
        fileIndex === 0 &&
        dataOffset === 0 &&
        this.#manifestBytes > 0 &&
        totals.dataBytes === this.#dataBytes &&
        totals.manifestBytes === this.#manifestBytes &&
        totals.sectionCount === this.#sectionCount
      this.#isEnded = true
    }
    if (!isNext)
      throw corruption(this.#name, streamOffset, 'a section of the stream is missing, or not in order')
    this.#sectionCount++
    return type === SectionType.End ? undefined : { fileIndex, dataOffset, payload }
  }
}
