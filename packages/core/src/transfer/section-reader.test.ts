// Strategy: a stream of all section types is decoded whole, in parts of any length, with every byte flipped, with every length, and with fields
// changed under checksums that are right.
// Invariants: the same bytes come out, or LDB_CORRUPTION or LDB_FORMAT; a change is never accepted.
import { isLdbError, readU32, writeU32, writeU64 } from '@ldb/base'
import { seedOfFile, xxHash64 } from '@ldb/integrity'
import { expect, test } from 'vitest'
import { SectionType, STREAM_HEADER_BYTES, STREAM_SECTION_BYTES } from '../format.js'
import { SectionReader } from './section-reader.js'
import { encodeSection, encodeStreamHeader, encodeTotals } from './section.js'

const ID = Uint8Array.from({ length: 16 }, (_, index) => index + 1)
const SEED = seedOfFile(ID)

interface Part {
  readonly type: SectionType
  readonly fileIndex: number
  readonly dataOffset: number
  readonly payload: Uint8Array
}

function bytesOf(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value)
}

const PARTS: readonly Part[] = [
  { type: SectionType.Data, fileIndex: 1, dataOffset: 0, payload: bytesOf(30, 1) },
  { type: SectionType.Data, fileIndex: 1, dataOffset: 30, payload: bytesOf(5, 2) },
  { type: SectionType.Data, fileIndex: 3, dataOffset: 0, payload: bytesOf(1, 3) },
  { type: SectionType.Manifest, fileIndex: 0, dataOffset: 0, payload: bytesOf(40, 4) },
  { type: SectionType.Manifest, fileIndex: 0, dataOffset: 40, payload: bytesOf(7, 5) },
  {
    type: SectionType.End,
    fileIndex: 0,
    dataOffset: 0,
    payload: encodeTotals({ dataBytes: 36, manifestBytes: 47, sectionCount: 5 }),
  },
]

function streamOf(parts: readonly Part[]): Uint8Array {
  const header = {
    streamId: ID,
    databaseId: ID,
    branchId: ID,
    parentId: ID,
    seq: 9,
    totalBytes: 99,
    number: 2,
  }
  let stream = encodeStreamHeader(header)
  for (const { payload, ...part } of parts) {
    const section = { ...part, streamOffset: stream.length }
    stream = new Uint8Array([...stream, ...encodeSection(section, SEED, payload, 0, payload.length)])
  }
  return stream
}

/** Decodes a stream in parts; returns what came out, or the code of the error. */
function decode(stream: Uint8Array, partBytes = stream.length): string {
  const reader = new SectionReader('a stream')
  const found: string[] = []
  try {
    for (let at = 0; at < stream.length; at += partBytes) {
      for (const { fileIndex, dataOffset, payload } of reader.add(stream.subarray(at, at + partBytes)))
        found.push(`${fileIndex}:${dataOffset}:${payload.join()}`)
    }
    reader.end()
    return found.join(' ')
  } catch (error) {
    if (!isLdbError(error)) throw error
    return error.code
  }
}

const STREAM = streamOf(PARTS)
const WHOLE = PARTS.slice(0, -1)
  .map(({ fileIndex, dataOffset, payload }) => `${fileIndex}:${dataOffset}:${payload.join()}`)
  .join(' ')

test('a stream arrives in parts of any length', () => {
  for (const partBytes of [1, 2, 3, 7, 39, 40, 41, 120, 121, STREAM.length])
    expect(decode(STREAM, partBytes)).toBe(WHOLE)
})

test('every flipped bit, every cut and every byte behind the end is noticed', () => {
  for (let at = 0; at < STREAM.length; at++) {
    for (const bit of [1, 16, 128]) {
      const flipped = STREAM.slice()
      flipped[at] = (flipped[at] as number) ^ bit
      expect(decode(flipped), `${at}`).toMatch(/^LDB_(CORRUPTION|FORMAT)$/)
    }
    expect(decode(STREAM.subarray(0, at)), `${at}`).toMatch(/^LDB_(CORRUPTION|FORMAT)$/)
  }
  expect(decode(new Uint8Array([...STREAM, 0]))).toBe('LDB_CORRUPTION')
})

test('sections that are missing, repeated, exchanged or not as specified are refused, under right checksums', () => {
  const wrong: Part[][] = []
  for (let index = 0; index < PARTS.length; index++) {
    const part = PARTS[index] as Part
    wrong.push(PARTS.filter((each) => each !== part))
    wrong.push([...PARTS.slice(0, index), part, ...PARTS.slice(index)])
    if (index > 0) {
      const exchanged = PARTS.slice()
      ;[exchanged[index - 1], exchanged[index]] = [part, PARTS[index - 1] as Part]
      wrong.push(exchanged)
    }
    for (const change of [
      { type: 4 as SectionType },
      { fileIndex: part.fileIndex === 0 ? 1 : 0 },
      { dataOffset: part.dataOffset + 1 },
    ])
      wrong.push(PARTS.map((each) => (each === part ? { ...part, ...change } : each)))
  }
  for (const totals of [
    { dataBytes: 35, manifestBytes: 47, sectionCount: 5 },
    { dataBytes: 36, manifestBytes: 46, sectionCount: 5 },
    { dataBytes: 36, manifestBytes: 47, sectionCount: 6 },
  ])
    wrong.push([...PARTS.slice(0, -1), { ...(PARTS.at(-1) as Part), payload: encodeTotals(totals) }])
  for (const [index, parts] of wrong.entries())
    expect(decode(streamOf(parts)), `${index}`).toBe('LDB_CORRUPTION')
})

test('lengths and offsets out of range are refused before anything is gathered', () => {
  for (const payloadBytes of [0, 1_048_577, 2 ** 32 - 1]) {
    const stream = STREAM.slice()
    writeU32(stream, STREAM_HEADER_BYTES + 24, payloadBytes)
    expect(decode(stream)).toBe('LDB_CORRUPTION')
  }
  // A number above 2^53, a wrong offset of the section and a reserved byte.
  for (const change of [
    (stream: Uint8Array): void => void (stream[STREAM_HEADER_BYTES + 23] = 0xff),
    (stream: Uint8Array): void => writeU64(stream, STREAM_HEADER_BYTES + 8, 121),
    (stream: Uint8Array): void => void (stream[STREAM_HEADER_BYTES + 39] = 1),
  ]) {
    const stream = STREAM.slice()
    change(stream)
    const end = STREAM_HEADER_BYTES + STREAM_SECTION_BYTES + readU32(stream, STREAM_HEADER_BYTES + 24)
    const hash = new Int32Array(2)
    xxHash64(stream, STREAM_HEADER_BYTES + 8, end, SEED, hash)
    writeU32(stream, STREAM_HEADER_BYTES, (hash[0] as number) >>> 0)
    writeU32(stream, STREAM_HEADER_BYTES + 4, (hash[1] as number) >>> 0)
    expect(decode(stream)).toBe('LDB_CORRUPTION')
  }
})
