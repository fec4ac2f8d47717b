import type { ByteSource } from '../fields/byte-source.js'
import { readHeader } from '../fields/file-header.js'
import { readTable, tableBytes } from '../fields/format-table.js'
import { CORE_TABLES } from '../tables/core.js'

export const STREAM_BYTES = 120
const DATA = 1
const MANIFEST = 2
const SECTION = CORE_TABLES['Section of a stream']
const SECTION_BYTES = tableBytes(SECTION)

/** A part of a file in a stream: the payload of a section. */
interface StreamPart {
  readonly payloadAt: number
  readonly payloadBytes: number
  readonly dataOffset: number
}

/** The files that a stream contains, as far as it is whole: by their position in the manifest, which is file 0. */
const known = new WeakMap<ByteSource, ReadonlyMap<number, ByteSource>>()

/** Returns the stored bytes of a file in a stream, and of the manifest for 0; `undefined` when the stream has none. */
export function fileInStream(stream: ByteSource, fileIndex: number): ByteSource | undefined {
  let files = known.get(stream)
  if (files === undefined) known.set(stream, (files = filesIn(stream)))
  return files.get(fileIndex)
}

/** Returns the key file in a stream; `undefined` in one that has none. */
export function keyFileInStream(stream: ByteSource): Uint8Array | undefined {
  for (const file of filesIn(stream).values())
    if (readHeader(file).kind === 'K') return file.read(0, file.byteCount)
  return undefined
}

function filesIn(stream: ByteSource): Map<number, ByteSource> {
  const parts = new Map<number, StreamPart[]>()
  let at = STREAM_BYTES
  for (
    let fields = readTable(stream, SECTION, at);
    fields !== undefined;
    fields = readTable(stream, SECTION, at)
  ) {
    const { payloadBytes = 0, fileIndex = 0, type = 0, dataOffset = 0, streamOffset = 0 } = fields
    if (streamOffset !== at || (type !== DATA && type !== MANIFEST)) break
    const index = type === MANIFEST ? 0 : fileIndex
    const found = parts.get(index) ?? []
    found.push({ payloadAt: at + SECTION_BYTES, payloadBytes, dataOffset })
    parts.set(index, found)
    at += SECTION_BYTES + payloadBytes
  }
  return new Map([...parts].map(([index, found]) => [index, fileOf(stream, found)]))
}

function fileOf(stream: ByteSource, parts: readonly StreamPart[]): ByteSource {
  const last = parts.at(-1)
  const byteCount = last === undefined ? 0 : last.dataOffset + last.payloadBytes
  return {
    name: stream.name,
    byteCount,
    ...(stream.keys === undefined ? {} : { keys: stream.keys }),
    read(offset, wanted) {
      const bytes = new Uint8Array(Math.max(0, Math.min(wanted, byteCount - offset)))
      for (const { payloadAt, payloadBytes, dataOffset } of parts) {
        const start = Math.max(offset, dataOffset)
        const end = Math.min(offset + bytes.length, dataOffset + payloadBytes)
        if (start < end) bytes.set(stream.read(payloadAt + start - dataOffset, end - start), start - offset)
      }
      return bytes
    },
  }
}
