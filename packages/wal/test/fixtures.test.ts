import { readdirSync, readFileSync } from 'node:fs'
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { recordBytesOf, RECORDS_FILE_OFFSET } from '../src/format.js'
import { verifyWal, Wal } from '../src/index.js'
import { findingsOf, hexOf, recordsOf } from './log-content.js'

const root = new URL('./fixtures/', import.meta.url)

function load(name: string): MemoryVfs {
  const vfs = new MemoryVfs({ seed: 3 })
  vfs.makeDirectory('log')
  for (const file of readdirSync(new URL(`${name}/`, root))) {
    const bytes = readFileSync(new URL(`${name}/${file}`, root))
    vfs.open(`log/${file}`, 'createNew').write(bytes, 0, bytes.length, 0)
  }
  return vfs
}

function contentOf(vfs: MemoryVfs, path: string): Uint8Array {
  const file = vfs.open(path, 'read')
  const bytes = new Uint8Array(file.length())
  file.read(bytes, 0, bytes.length, 0)
  return bytes
}

const HEADER_FIELDS: [string, number, number][] = [
  ['file header', 0, 24],
  ['segment id', 24, 16],
  ['previous id', 40, 16],
  ['segment number', 56, 8],
  ['base lsn', 64, 8],
  ['durable end lsn', 72, 8],
  ['last seq', 80, 8],
  ['seq floor', 88, 8],
  ['chain hash', 96, 8],
  ['owner id', 104, 16],
  ['suite, trailer bytes', 120, 2],
  ['padding', 122, 2],
  ['data key id', 124, 4],
  ['first record time', 128, 8],
  ['archive branch id', 136, 16],
  ['capacity bytes', 152, 8],
  ['header checksum', 4088, 8],
  ['seal kind, reserved', 4096, 8],
  ['seal end lsn', 4104, 8],
  ['seal last seq', 4112, 8],
  ['seal chain hash', 4120, 8],
  ['seal successor id', 4128, 16],
  ['seal checksum', 4144, 8],
]
const RECORD_FIELDS: [string, number, number][] = [
  ['checksum', 0, 8],
  ['header check', 8, 4],
  ['payload bytes', 12, 4],
  ['seq', 16, 8],
  ['unsynced bytes', 24, 4],
  ['type, reserved', 28, 4],
]

/** Returns an annotated hex dump of a segment. The offsets are independent of the sources. */
function annotate(bytes: Uint8Array): string {
  const lines: string[] = []
  const line = (name: string, offset: number, byteCount: number): void => {
    if (byteCount === 0) return
    const hex = hexOf(bytes.subarray(offset, offset + Math.min(byteCount, 48)))
    lines.push(`${String(offset).padStart(6)}  ${name.padEnd(20)} ${hex}${byteCount > 48 ? '…' : ''}`)
  }
  for (const [name, offset, byteCount] of HEADER_FIELDS) line(name, offset, byteCount)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = RECORDS_FILE_OFFSET; at < bytes.length;) {
    lines.push('        record')
    for (const [name, offset, byteCount] of RECORD_FIELDS) line(`  ${name}`, at + offset, byteCount)
    const payloadBytes = view.getUint32(at + 12, true)
    line('  payload', at + 32, payloadBytes)
    line('  padding', at + 32 + payloadBytes, recordBytesOf(payloadBytes) - 32 - payloadBytes)
    at += recordBytesOf(payloadBytes)
  }
  return `${lines.join('\n')}\n`
}

for (const [name, clean, recordCount, skippedCount] of [
  ['closed', true, 5, 0],
  ['left-open', false, 6, 0],
  ['skippable', true, 2, 3],
] as const) {
  describe(`golden log of format 3, ${name}`, () => {
    test('is read back unchanged', async () => {
      const wal = Wal.open(load(`v3/${name}`), 'log')
      expect(wal.openedClean).toBe(clean)
      const records = recordsOf(wal)
      expect(records).toHaveLength(recordCount)
      const reader = wal.read(0)
      while (reader.next());
      expect(reader.skippedRecordCount).toBe(skippedCount)
      expect(findingsOf(wal)).toEqual([])
      await expect(`${JSON.stringify(records, null, 2)}\n`).toMatchFileSnapshot(
        `fixtures/v3-${name}-records.json`,
      )
      wal.append(new Uint8Array(3))
      wal.close()
    })

    test('has the bytes that FORMAT.md specifies', async () => {
      for (const file of readdirSync(new URL(`v3/${name}/`, root))) {
        const bytes = readFileSync(new URL(`v3/${name}/${file}`, root))
        await expect(annotate(bytes)).toMatchFileSnapshot(`fixtures/v3-${name}-${file}.hex`)
      }
    })
  })
}

test.each([
  [1, 'closed'],
  [1, 'left-open'],
  [2, 'closed'],
  [2, 'left-open'],
])('a log of format %i is refused before a byte is written: %s', (format, name) => {
  const below = load(`v${format}/${name}`)
  const open = (): unknown => Wal.open(below, 'log')
  const before = below.list('log').map((file) => hexOf(contentOf(below, `log/${file}`)))
  expect(open).toThrow(
    expect.objectContaining({
      code: 'LDB_FORMAT',
      message: expect.stringContaining(`the log has format ${format}; this build reads format 3 only`),
      details: { file: 'log/0000000001.wal', offset: 0, expected: 3, actual: format },
    }),
  )
  expect(below.list('log').map((file) => hexOf(contentOf(below, `log/${file}`)))).toEqual(before)
  const messages: string[] = []
  verifyWal(below, 'log', { finding: ({ message }) => messages.push(message), progress: () => {} })
  expect(messages).toHaveLength(before.length)
  for (const message of messages) expect(message).toContain(`the log has format ${format}`)
})

test('the writer produces the golden bytes of format 3', () => {
  const clock = { now: (): number => 1_764_500_000_123, monotonic: (): number => 0 }
  const vfs = new MemoryVfs({ seed: 11, clock })
  const text = (value: string): Uint8Array => Uint8Array.from(value, (letter) => letter.charCodeAt(0))
  const options = { segmentBytes: 1024, preallocateBytes: 0, ownerId: text('id of the owner!') }
  const wal = Wal.open(vfs, 'log', options)
  wal.append(text('the first record'), { type: 1, seq: 1 })
  wal.append(text(''), { type: 2, seq: 1 })
  wal.sync()
  wal.append(text('hi'), { type: 3, seq: 7 })
  wal.append(new Uint8Array(1000).fill(0xab), { type: 1, seq: 8 })
  wal.append(text('after a record with a segment of its own'), { seq: 9 })
  wal.flush()
  wal.close()
  for (const file of vfs.list('log')) {
    const golden = readFileSync(new URL(`v3/closed/${file}`, root))
    expect(hexOf(contentOf(vfs, `log/${file}`))).toBe(hexOf(golden))
  }
})
