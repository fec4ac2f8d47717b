import { LdbError } from '@ldb/base'
import type { Syncable, TaskSteps } from '@ldb/base'
import { seedOfFile } from '@ldb/integrity'
import type { Seed64 } from '@ldb/integrity'
import type { BackupFile } from '../backup/manifest.js'
import type { BackupSink } from '../backup/sink.js'
import { SectionType } from '../format.js'
import { encodeSection, encodeStreamHeader, encodeTotals } from './section.js'
import type { StreamHeader, StreamTotals } from './section.js'
import type { ByteWriter } from './writable.js'

/** Bytes of the manifest in one section. */
const MANIFEST_PART_BYTES = 262_144

/** Where the sections of a file end in a stream, and the totals up to there. */
interface FileEnd {
  readonly streamOffset: number
  readonly totals: StreamTotals
}

/** What is known of a stream from attempts to write it: the same state is the same stream. */
export class StreamLayout {
  readonly header: StreamHeader
  readonly ends: Map<number, FileEnd> = new Map()

  constructor(header: StreamHeader) {
    this.header = header
  }
}

/** A backup as a stream, from an offset on. Asynchronous only. */
export class StreamSink implements BackupSink {
  readonly isFull = false
  /** End of the bytes that were given to the writer, which may have lost some of them. */
  offset: number
  /** The manifest, when it was written. */
  manifest: Uint8Array = new Uint8Array(0)
  readonly #layout: StreamLayout
  readonly #writer: ByteWriter
  readonly #timeSlice: Syncable
  readonly #seed: Seed64
  readonly #start: number
  #end = 0
  #fileIndex = 0
  #dataEnd = 0
  #dataBytes = 0
  #sectionCount = 0

  /** @param start - the writer has the bytes before this offset. */
  constructor(layout: StreamLayout, writer: ByteWriter, timeSlice: Syncable, start: number) {
    this.#layout = layout
    this.#writer = writer
    this.#timeSlice = timeSlice
    this.#seed = seedOfFile(layout.header.streamId)
    this.#start = start
    this.offset = start
  }

  /** Writes the header of the stream. */
  begin(): Promise<void> {
    const bytes = encodeStreamHeader(this.#layout.header)
    this.#end = bytes.length
    return this.#emit(0, bytes)
  }

  /** Reports whether the writer has all sections of a file, and passes them. */
  isDone(index: number): boolean {
    const end = this.#layout.ends.get(index)
    if (end === undefined || end.streamOffset > this.#start) return false
    this.#end = end.streamOffset
    this.#dataBytes = end.totals.dataBytes
    this.#sectionCount = end.totals.sectionCount
    return true
  }

  write(index: number, bytes: Uint8Array, start: number, byteCount: number): Syncable {
    if (index !== this.#fileIndex) this.#dataEnd = 0
    this.#fileIndex = index
    const section = this.#section(SectionType.Data, index, this.#dataEnd, bytes, start, byteCount)
    this.#dataEnd += byteCount
    this.#dataBytes += byteCount
    return asyncOnly(section)
  }

  *endFile(index: number, _entry: BackupFile): TaskSteps {
    const totals = { dataBytes: this.#dataBytes, manifestBytes: 0, sectionCount: this.#sectionCount }
    this.#layout.ends.set(index, { streamOffset: this.#end, totals })
    const timeSlice = this.#timeSlice
    yield timeSlice
  }

  *end(manifest: Uint8Array): TaskSteps {
    const timeSlice = this.#timeSlice
    for (let at = 0; at < manifest.length; at += MANIFEST_PART_BYTES) {
      const byteCount = Math.min(MANIFEST_PART_BYTES, manifest.length - at)
      yield asyncOnly(this.#section(SectionType.Manifest, 0, at, manifest, at, byteCount))
      yield timeSlice
    }
    const totals = encodeTotals({
      dataBytes: this.#dataBytes,
      manifestBytes: manifest.length,
      sectionCount: this.#sectionCount,
    })
    yield asyncOnly(this.#section(SectionType.End, 0, 0, totals, 0, totals.length))
    yield asyncOnly(() => this.#writer.end())
    this.manifest = manifest
  }

  /** Appends a section to the stream. Returns what writes it. */
  #section(
    type: SectionType,
    fileIndex: number,
    dataOffset: number,
    payload: Uint8Array,
    start: number,
    byteCount: number,
  ): () => Promise<void> {
    const streamOffset = this.#end
    const section = { type, streamOffset, dataOffset, fileIndex }
    const bytes = encodeSection(section, this.#seed, payload, start, byteCount)
    this.#end += bytes.length
    this.#sectionCount++
    return () => this.#emit(streamOffset, bytes)
  }

  /** Writes bytes of the stream, without those that the writer has. */
  async #emit(streamOffset: number, bytes: Uint8Array): Promise<void> {
    const end = streamOffset + bytes.length
    if (end <= this.#start) return
    this.offset = end
    await this.#writer.write(bytes.subarray(Math.max(0, this.#start - streamOffset)))
  }
}

/** A step of a task that is never run synchronously. */
function asyncOnly(run: () => Promise<void>): Syncable {
  return { sync: unreachable, syncAsync: run }
}

function unreachable(): never {
  throw new LdbError('LDB_INVARIANT', 'a stream is written asynchronously')
}
