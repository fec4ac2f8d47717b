// Strategy: a log with the encryption of LDB is written, rotated, left open, reopened, damaged and rearranged.
// Invariants: it behaves as a plain log; no payload is on disk; a record that was changed or moved, with a right checksum, is
// LDB_CORRUPTION; a needed or needless key is LDB_KEY, before anything is written.
import { DataKeys } from '@ldb/integrity'
import { MemoryVfs, SeededRandom } from '@ldb/vfs'
import { expect, test } from 'vitest'
import type { WalOptions } from '../src/options.js'
import { RECORDS_FILE_OFFSET } from '../src/format.js'
import { ChainHash } from '../src/segment/chain-hash.js'
import { SegmentCursor } from '../src/segment/cursor.js'
import { readSegment } from '../src/segment/segment.js'
import { verifyWal } from '../src/verify.js'
import { Wal } from '../src/wal.js'
import { RecordBuffer } from '../src/write/record-buffer.js'
import { codeOf } from './error-code.js'

const MARK = 'plain payload of 24 bytes'

function encrypted(key = 1): WalOptions {
  const keys = new DataKeys(new Uint8Array(16).fill(5), new SeededRandom(7))
  keys.add(1, new Uint8Array(32).fill(key))
  keys.use(1)
  return { createCipher: (segmentId) => keys.cipherOf('log', segmentId), segmentBytes: 1024 }
}

const payload = (index: number): Uint8Array => Uint8Array.from(Buffer.from(`${MARK} ${index}`))

function payloadsOf(wal: Wal): string[] {
  const found: string[] = []
  const reader = wal.read(wal.firstLsn)
  while (reader.next()) found.push(Buffer.from(reader.payload).toString())
  reader.close()
  return found
}

function fileOf(vfs: MemoryVfs, path: string): Buffer {
  const file = vfs.open(path, 'read')
  const bytes = Buffer.alloc(file.length())
  file.read(bytes, 0, bytes.length, 0)
  file.close()
  return bytes
}

function build(count: number): MemoryVfs {
  const vfs = new MemoryVfs()
  const wal = Wal.open(vfs, 'log', encrypted())
  for (let index = 0; index < count; index += 1) wal.append(payload(index), { type: 1, seq: index + 1 })
  wal.sync()
  return vfs
}

function findings(vfs: MemoryVfs, options: WalOptions = {}): string[] {
  const found: string[] = []
  const sink = { finding: (each: { message: string }) => found.push(each.message), progress: () => undefined }
  verifyWal(vfs, 'log', sink, undefined, undefined, options.createCipher)
  return found
}

test('an encrypted log is read as it was written, over rotations and after it was left open', () => {
  const vfs = build(40)
  const expected = Array.from({ length: 40 }, (_, index) => `${MARK} ${index}`)
  const wal = Wal.open(vfs, 'log', encrypted())
  expect(wal.stats().segmentCount).toBeGreaterThan(3)
  expect(payloadsOf(wal)).toEqual(expected)
  wal.append(payload(40), { type: 2, seq: 41 })
  wal.sync()
  expect(payloadsOf(wal)).toEqual([...expected, `${MARK} 40`])
  wal.close()
  for (const name of vfs.list('log')) expect(fileOf(vfs, `log/${name}`).includes('payload')).toBe(false)
  expect([findings(vfs), findings(vfs, encrypted())]).toEqual([[], []])
  const clean = Wal.open(vfs, 'log', encrypted())
  expect([clean.openedClean, payloadsOf(clean).length]).toEqual([true, 41])
  clean.close()
})

test('a needed and a needless key are LDB_KEY, and change no byte', () => {
  const vfs = build(3)
  const before = vfs.list('log').map((name) => fileOf(vfs, `log/${name}`).toString('latin1'))
  expect(codeOf(() => Wal.open(vfs, 'log'))).toBe('LDB_KEY')
  expect(vfs.list('log').map((name) => fileOf(vfs, `log/${name}`).toString('latin1'))).toEqual(before)
  const plain = new MemoryVfs()
  Wal.open(plain, 'log').close()
  expect(codeOf(() => Wal.open(plain, 'log', encrypted()))).toBe('LDB_KEY')
})

test('with another key every record is found, and its payload is LDB_CORRUPTION', () => {
  const vfs = build(3)
  const wal = Wal.open(vfs, 'log', { ...encrypted(), create: false })
  wal.close()
  const wrong = Wal.open(vfs, 'log', encrypted(2))
  expect(wrong.lastSeq).toBe(3)
  expect(codeOf(() => payloadsOf(wrong))).toBe('LDB_CORRUPTION')
  expect(findings(vfs, encrypted(2))).toHaveLength(3)
})

test('the payload of another record of the segment does not authenticate, though its checksum is right', () => {
  const vfs = build(3)
  const [name = ''] = vfs.list('log')
  // The forger computes the checksums: they need no key.
  const { segment } = readSegment(vfs, `log/${name}`, 1)
  const cursor = new SegmentCursor(segment, vfs.open(`log/${name}`, 'read'))
  const buffer = new RecordBuffer(4096)
  const stored: Uint8Array[] = []
  let end = segment.baseLsn
  for (let index = 0; index < 3; index += 1) {
    cursor.requireRecord(end, end + 1000)
    stored.push(cursor.payload.slice())
    end += cursor.recordBytes
  }
  let lsn = segment.baseLsn
  for (const [index, from] of [1, 0, 2].entries()) {
    lsn += buffer.append(stored[from]!, 1, index + 1, lsn, 0, segment, new ChainHash(0, 0))
  }
  const file = vfs.open(`log/${name}`, 'write')
  buffer.writeTo((bytes, start, byteCount) => file.write(bytes, start, byteCount, RECORDS_FILE_OFFSET))
  const wal = Wal.open(vfs, 'log', encrypted())
  expect(wal.lastSeq).toBe(3)
  expect(codeOf(() => payloadsOf(wal))).toBe('LDB_CORRUPTION')
  expect(findings(vfs, encrypted())).toHaveLength(2)
  wal.close()
})
